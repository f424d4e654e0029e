//! Phone numbers as another implementation of the same rules reads them: PyPI's `phonenumbers`.

use std::path::Path;
use std::process::{Command, Stdio};

use crm::service::text::{PhoneRegion, phone};

/// Random valid numbers of all regions, in turns, each as E.164, internationally and nationally.
const NUMBERS: &str = "
import random, sys
import phonenumbers as p
from phonenumbers.phonenumberutil import PhoneNumberFormat as F, PhoneNumberType as T
count, seed = int(sys.argv[1]), int(sys.argv[2])
r = random.Random(seed)
regions = sorted(p.SUPPORTED_REGIONS)
types = [t for t in T.values() if t != T.UNKNOWN]
seen = set()
while len(seen) < count:
    for region in regions:
        example = p.example_number_for_type(region, r.choice(types))
        if example is None: continue
        national = p.national_significant_number(example)
        for _ in range(200):
            keep = r.randrange(len(national))
            digits = national[:keep] + ''.join(r.choice('0123456789') for _ in national[keep:])
            try: number = p.parse('+%d%s' % (example.country_code, digits), None)
            except p.NumberParseException: continue
            e164 = p.format_number(number, F.E164)
            if p.is_valid_number(number) and e164 not in seen and len(seen) < count:
                seen.add(e164)
                forms = [e164, p.format_number(number, F.INTERNATIONAL), p.format_number(number, F.NATIONAL)]
                print('\\t'.join([p.region_code_for_number(number) or '001'] + forms))
                break
";

fn run(program: &Path, arguments: &[&str]) -> String {
    let output = Command::new(program)
        .args(arguments)
        .stderr(Stdio::inherit())
        .output()
        .expect("it runs");
    assert!(output.status.success(), "{program:?} {arguments:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
#[ignore = "installs PyPI's phonenumbers into target/phonenumbers; cargo test --test it phones -- --ignored --nocapture"]
fn five_thousand_numbers_are_read_as_another_implementation_reads_them() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/phonenumbers");
    let python = folder.join("bin/python");
    if !python.exists() {
        let folder = folder.to_str().unwrap();
        run(Path::new("python3"), &["-m", "venv", "--clear", folder]);
        let install = [
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
        ];
        let install = [&install[..], &["phonenumbers==9.0.33"]].concat();
        run(&python, &install);
    }
    let seed = std::env::var("PROPTEST_RNG_SEED").ok();
    let seed = seed.unwrap_or_else(|| std::process::id().to_string());
    println!("PROPTEST_RNG_SEED={seed}");
    let numbers = run(&python, &["-c", NUMBERS, "5000", &seed]);
    let (mut wrong, mut refused, mut national) = (Vec::new(), Vec::new(), Vec::new());
    for line in numbers.lines() {
        let [region, e164, international, local] = line.split('\t').collect::<Vec<_>>()[..] else {
            panic!("{line}");
        };
        for written in [e164, international] {
            match phone(written, None) {
                Ok(stored) if stored == e164 => {}
                Ok(stored) => wrong.push(format!("{region} {written}: {stored}")),
                Err(fault) => refused.push(format!("{region} {written}: {fault}")),
            }
        }
        let Ok(region) = region.parse::<PhoneRegion>() else {
            continue;
        };
        if phone(local, Some(region)).as_deref() != Ok(e164) {
            national.push(format!("{line}: {:?}", phone(local, Some(region))));
        }
    }
    let count = numbers.lines().count();
    println!(
        "{count} numbers: {} stored as another, {} refused",
        wrong.len(),
        refused.len()
    );
    println!("{wrong:#?}\n{refused:#?}");
    println!(
        "of their national forms {} are read otherwise: {national:#?}",
        national.len()
    );
    assert_eq!(count, 5_000);
    assert_eq!(wrong, Vec::<String>::new());

    assert!(refused.len() <= 2 * 5, "{refused:#?}");
}

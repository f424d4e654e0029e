//! The imports between files of the program have no cycle.

use std::collections::{BTreeMap, BTreeSet};

use syn::visit::{self, Visit};
use syn::{Attribute, Item, ItemMod, ItemUse, UseTree, Visibility};

use crate::architecture::layers::{Source, sources};

/// The names behind `crate::`, to a module or something in one.
type Path = Vec<String>;

/// The imports of a file.
struct Imports {
    module: Path,
    /// By the name that it has here; `pub use` passes it on.
    used: BTreeMap<String, Path>,
    /// The paths that the file itself uses: what it passes on is no use of its own.
    needed: Vec<Path>,
}

#[test]
fn no_files_import_each_other_in_a_circle() {
    let files = files();
    let imports: BTreeMap<&Path, BTreeSet<&Path>> = files
        .values()
        .map(|file| {
            let needed = file.needed.iter().filter_map(|path| target(&files, path));
            let needed = needed.filter(|module| *module != &file.module);
            (&file.module, needed.collect())
        })
        .collect();
    let count: usize = imports.values().map(BTreeSet::len).sum();
    assert!(count > 1_000, "{count} imports were found");
    let circles: BTreeSet<BTreeSet<String>> = imports
        .keys()
        .map(|module| circle(&imports, module))
        .filter(|circle| circle.len() > 1)
        .collect();
    assert!(circles.is_empty(), "{circles:#?}");
}

/// All modules that a module reaches and that reach it.
fn circle(imports: &BTreeMap<&Path, BTreeSet<&Path>>, module: &Path) -> BTreeSet<String> {
    let there = reached(imports, module);
    let back = there
        .into_iter()
        .filter(|other| reached(imports, other).contains(module));
    back.map(|module| module.join("::")).collect()
}

fn reached<'a>(
    imports: &BTreeMap<&'a Path, BTreeSet<&'a Path>>,
    module: &Path,
) -> BTreeSet<&'a Path> {
    let mut reached = BTreeSet::new();
    let mut left: Vec<&Path> = imports[module].iter().copied().collect();
    while let Some(next) = left.pop() {
        if reached.insert(next) {
            left.extend(&imports[next]);
        }
    }
    reached
}

/// The module in which the thing at the end of a path is defined: what passes it on is followed.
fn target<'a>(files: &'a BTreeMap<Path, Imports>, path: &[String]) -> Option<&'a Path> {
    let (depth, file) = (0..=path.len())
        .rev()
        .find_map(|depth| Some((depth, files.get(&path[..depth])?)))?;
    let passed_on = path.get(depth).and_then(|name| file.used.get(name));
    match passed_on {
        Some(passed_on) if passed_on[..] != path[..=depth] => {
            let further = [&passed_on[..], &path[depth + 1..]].concat();
            target(files, &further).or(Some(&file.module))
        }
        _ => Some(&file.module),
    }
}

fn files() -> BTreeMap<Path, Imports> {
    let modules: Vec<(Path, Source)> = sources()
        .into_iter()
        .filter(|source| source.path != "main.rs" && !source.path.ends_with("tests.rs"))
        .map(|source| (module(&source.path), source))
        .collect();
    let names: BTreeSet<Path> = modules.iter().map(|(module, _)| module.clone()).collect();
    let files = modules.into_iter().map(|(module, source)| {
        let file = syn::parse_file(&source.text).expect(&source.path);
        let mut reader = Reader {
            names: &names,
            imports: Imports {
                module: module.clone(),
                used: BTreeMap::new(),
                needed: Vec::new(),
            },
        };
        reader.visit_file(&file);
        (module, reader.imports)
    });
    files.collect()
}

fn module(path: &str) -> Path {
    let mut module: Path = path
        .trim_end_matches(".rs")
        .split('/')
        .map(str::to_owned)
        .collect();
    module.pop_if(|last| last == "mod" || last == "lib");
    module
}

/// Reads a file, but for its tests.
struct Reader<'a> {
    names: &'a BTreeSet<Path>,
    imports: Imports,
}

impl Reader<'_> {
    /// A path from the root, if it is one of the program's own.
    fn absolute(&self, path: &[String]) -> Option<Path> {
        let mut base = self.imports.module.clone();
        let mut rest = path;
        match path.first()?.as_str() {
            "crate" => (base, rest) = (Path::new(), &path[1..]),
            "self" => rest = &path[1..],
            "super" => {
                while rest.first().is_some_and(|name| name == "super") {
                    base.pop();
                    rest = &rest[1..];
                }
            }
            child => {
                let child = [&base[..], &[child.to_owned()]].concat();
                self.names.contains(&child).then_some(())?;
            }
        }
        Some([base, rest.to_vec()].concat())
    }

    fn use_tree(&mut self, before: &[String], tree: &UseTree, passes_on: bool) {
        let with = |name: &syn::Ident| [before, &[name.to_string()]].concat();
        let (path, alias) = match tree {
            UseTree::Path(tree) => {
                return self.use_tree(&with(&tree.ident), &tree.tree, passes_on);
            }
            UseTree::Group(group) => {
                let each = group.items.iter();
                return each.for_each(|tree| self.use_tree(before, tree, passes_on));
            }
            UseTree::Glob(_) => (before.to_vec(), String::new()),
            UseTree::Name(tree) if tree.ident == "self" => {
                (before.to_vec(), before.last().cloned().unwrap_or_default())
            }
            UseTree::Name(tree) => (with(&tree.ident), tree.ident.to_string()),
            UseTree::Rename(tree) => (with(&tree.ident), tree.rename.to_string()),
        };
        if let Some(path) = self.absolute(&path) {
            if !passes_on {
                self.imports.needed.push(path.clone());
            }
            self.imports.used.insert(alias, path);
        }
    }
}

impl<'ast> Visit<'ast> for Reader<'_> {
    fn visit_item(&mut self, item: &'ast Item) {
        let attributes: &[Attribute] = match item {
            Item::Mod(item) => &item.attrs,
            Item::Use(item) => &item.attrs,
            _ => &[],
        };
        if !attributes.iter().any(|one| one.path().is_ident("cfg")) {
            visit::visit_item(self, item);
        }
    }

    /// A module inside of a file has names of its own.
    fn visit_item_mod(&mut self, _: &'ast ItemMod) {}

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        let passes_on = !matches!(item.vis, Visibility::Inherited);
        self.use_tree(&[], &item.tree, passes_on);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let names: Path = path
            .segments
            .iter()
            .map(|segment| segment.ident.to_string())
            .collect();
        if names[0] == "crate" {
            self.imports.needed.extend(self.absolute(&names));
        }
        visit::visit_path(self, path);
    }
}

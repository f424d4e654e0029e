use std::fs;
use std::path::Path;

use crate::cli::Failure;
use crate::graphql::Api;

/// Has the API answer only the documents of a folder's `*.graphql` files, and those of the
/// folders in it.
pub(super) async fn trust(api: &mut Api, folder: &Path) -> Result<(), Failure> {
    let mut documents = Vec::new();
    read(folder, &mut documents)?;
    if documents.is_empty() {
        let folder = folder.display();
        return Err(Failure::new(format!(
            "CRM_TRUSTED_DOCUMENTS={folder} has no *.graphql file: nothing could be asked"
        )));
    }
    let count = documents.len();
    api.trust(documents)
        .map_err(|fault| Failure::new(format!("a trusted document cannot be answered: {fault}")))?;
    tracing::info!(count, "only trusted documents are answered");
    Ok(())
}

fn read(folder: &Path, documents: &mut Vec<(String, String)>) -> Result<(), Failure> {
    let failure = |path: &Path, error| {
        let path = path.display();
        Failure::new(format!(
            "the trusted documents in {path} cannot be read: {error}"
        ))
    };
    for entry in fs::read_dir(folder).map_err(|error| failure(folder, error))? {
        let path = entry.map_err(|error| failure(folder, error))?.path();
        if path.is_dir() {
            read(&path, documents)?;
        } else if path
            .extension()
            .is_some_and(|extension| extension == "graphql")
        {
            let text = fs::read_to_string(&path).map_err(|error| failure(&path, error))?;
            documents.push((path.display().to_string(), text));
        }
    }
    Ok(())
}

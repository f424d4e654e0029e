//! The table of roles and actions, as it is.

use crm::service::permission::{Action, scope};
use crm::service::users::UserRole;

#[test]
fn the_table_of_roles_and_actions() {
    let row =
        |cells: Vec<String>| format!("{:<24}{:<9}{:<9}{}", cells[0], cells[1], cells[2], cells[3]);
    let head = UserRole::ALL.iter().map(|role| role.as_str().to_owned());
    let mut table = vec![row(std::iter::once(String::new()).chain(head).collect())];
    for &action in Action::ALL {
        let reaches = UserRole::ALL
            .iter()
            .map(|&role| format!("{:?}", scope(role, action)));
        table.push(row(std::iter::once(format!("{action:?}"))
            .chain(reaches)
            .collect()));
    }
    insta::assert_snapshot!(table.join("\n"), @r"
                            ADMIN    MANAGER  AGENT
    ReadLead                All      Team     Own
    CreateLead              All      Team     Own
    UpdateLead              All      Team     Own
    WriteNote               All      Team     Own
    ArchiveLead             All      Team     Own
    AssignLead              All      Team     Nothing
    DeleteLead              All      Nothing  Nothing
    BackdateLead            All      Team     Nothing
    ReadUser                All      Team     Own
    ManageUsers             All      Nothing  Nothing
    ManageApiKeys           All      Nothing  Nothing
    ManageFreeEmailDomains  All      Nothing  Nothing
    ");
}

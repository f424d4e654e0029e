//! Permissions on every path: users in teams and leads of all kinds, made at random; every answer
//! of the API to every kind of viewer is compared with a plain model of who sees what.

mod bulk;
mod bulk_writes;
mod changes;
mod codes;
mod counts;
mod exports;
mod keys;
mod lists;
mod log;
mod making;
mod management;
mod objects;
mod population;
mod repeated;
mod schema;
mod service;
mod sessions;
mod strangers;
mod timelines;
mod viewer;

use proptest::strategy::Strategy;

use super::prove;
use super::sample;
use making::Plan;
use population::Population;

fn plans() -> impl Strategy<Value = Plan> {
    let filters = proptest::collection::vec(
        (sample::filter(Vec::new(), Vec::new()), sample::search()),
        6,
    );
    (Plan::random(), filters, sample::order()).prop_map(|(mut plan, filters, order)| {
        plan.filters = filters;
        plan.order = order;
        plan
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn each_viewer_reads_what_the_model_says_and_nothing_else() {
    prove(1, 0, plans(), async |plan| {
        let population = Population::make(plan).await;
        for viewer in population.viewers() {
            let named = |fault: String| format!("{}: {fault}", viewer.name());
            lists::check(&viewer).await.map_err(named)?;
            exports::check(&viewer).await.map_err(named)?;
            counts::check(&viewer).await.map_err(named)?;
            objects::check(&viewer).await.map_err(named)?;
            log::check(&viewer).await.map_err(named)?;
            management::check_reads(&viewer).await.map_err(named)?;
            sessions::check(viewer).await.map_err(named)?;
        }
        Ok(())
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn each_viewer_changes_what_the_model_says_and_nothing_else() {
    prove(1, 0, plans(), async |plan| {
        let mut population = Population::make(plan).await;
        for index in population.indices() {
            let named = |fault: String| format!("viewer {index}: {fault}");
            changes::check(&mut population, index)
                .await
                .map_err(named)?;
            bulk::check(population.viewer(index)).await.map_err(named)?;
            bulk_writes::check(&mut population, index)
                .await
                .map_err(named)?;
            management::check_changes(&mut population, index)
                .await
                .map_err(named)?;
            service::check(&mut population, index)
                .await
                .map_err(named)?;
        }
        Ok(())
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_reaches_what_its_role_does_in_its_users_place() {
    prove(1, 0, plans(), async |plan| {
        let population = Population::make(plan).await;
        for viewer in population.viewers() {
            let named = |fault: String| format!("{}: {fault}", viewer.name());
            keys::check(viewer).await.map_err(named)?;
        }
        Ok(())
    });
}

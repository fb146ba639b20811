//! Both databases fulfil the duties of the port.

use std::sync::Arc;

use store::{JobQueue, conformance};

use crate::postgres::Cluster;

#[test]
fn sqlite_conforms() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("訪問 #1.sqlite");
    let open = || -> Arc<dyn JobQueue> { store::open_file(&path).unwrap() };
    conformance::run(&open).unwrap();
    assert!(path.is_file());
}

#[test]
fn postgres_conforms() {
    let address = Cluster::shared().database();
    let open = || -> Arc<dyn JobQueue> { store::open(&address).unwrap() };
    conformance::run(&open).unwrap();
}

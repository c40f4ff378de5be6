//! provision: configuration management without a master, an agent or Python.

pub mod cli;
pub mod compile;
pub mod converge;
pub mod deploy;
pub mod diagnostic;
pub mod event;
pub mod exit;
pub mod facts;
pub mod fault;
pub mod glob;
pub mod graph;
pub mod host;
pub mod order;
pub mod plan;
pub mod process_env;
pub mod project;
pub mod remote;
pub mod report;
pub mod sandbox;
pub mod sls;
pub mod source;
pub mod states;
pub mod target;
pub mod top;
pub mod tree;
pub mod yaml;

//! provision: configuration management without a master, an agent or Python.

pub mod compile;
pub mod converge;
pub mod diagnostic;
pub mod event;
pub mod facts;
pub mod fault;
pub mod graph;
pub mod host;
pub mod plan;
pub mod sandbox;
pub mod source;
pub mod states;
pub mod tree;
pub mod yaml;

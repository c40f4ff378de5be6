//! Postgres roles, databases and what is in them.
mod scram;

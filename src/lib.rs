//! provision: configuration management without a master, an agent or Python.

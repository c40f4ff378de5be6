//! The base tree in the binary: a sorted table that the build script writes from `states/`.

use super::TreeFile;

include!(concat!(env!("OUT_DIR"), "/base.rs"));

fn find(path: &str) -> Option<&'static (&'static str, u32, &'static [u8])> {
    FILES.binary_search_by(|(name, _, _)| (*name).cmp(path)).ok().and_then(|index| FILES.get(index))
}

pub(super) fn read(path: &str) -> Option<TreeFile> {
    let (name, mode, bytes) = find(path)?;
    Some(TreeFile { bytes: (*bytes).into(), shown: format!("base:{name}"), mode: *mode })
}

pub(super) fn has(path: &str) -> bool {
    find(path).is_some()
}

/// The path and mode of every file, sorted.
pub(super) fn all() -> impl Iterator<Item = (&'static str, u32)> {
    FILES.iter().map(|(name, mode, _)| (*name, *mode))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_of_the_base_tree_is_found_as_it_stands_in_the_repository() {
        for (name, _, bytes) in FILES {
            let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("states").join(name);
            assert_eq!(std::fs::read(path).unwrap(), *bytes, "{name}");
            assert_eq!(read(name).unwrap().shown, format!("base:{name}"));
        }
    }
}

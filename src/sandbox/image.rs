//! What images hold: the lists of packages, and names that tell two recipes apart.
//! It must not build anything.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::layout::Layout;
use super::suite::Suite;

/// How much is installed on a fresh host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Image {
    /// systemd, sshd, sudo, apt and a minimal Python: the least a host can be
    Bare,
    /// bare and rsync, as cloud images of Ubuntu and Debian come
    #[default]
    #[value(name = "rsync")]
    #[serde(rename = "rsync")]
    WithRsync,
    /// with PostgreSQL, Nginx, Supervisor, Memcached and Python for applications already installed
    Stack,
}

/// Changed when building changes in a way that the lists below do not show.
const RECIPE: u32 = 1;
const BARE: &[&str] = &[
    "apt",
    "ca-certificates",
    "dbus",
    "iproute2",
    "openssh-server",
    "python3-minimal",
    "sudo",
    "systemd",
    "systemd-sysv",
    "tzdata",
];
const RSYNC: &[&str] = &["rsync"];
const STACK: &[&str] = &[
    "acl",
    "cron",
    "git",
    "libpq5",
    "locales",
    "logrotate",
    "memcached",
    "nginx",
    "postgresql",
    "python3-venv",
    "supervisor",
    "ufw",
    "unattended-upgrades",
];

/// All that decides what an image holds.
#[derive(Debug, Clone)]
pub struct Recipe {
    pub suite: Suite,
    /// Lines of sources.list.
    pub sources: Vec<String>,
    /// Lowest first: larger images lie over the smaller.
    pub layers: Vec<Layer>,
}

/// One directory of an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layer {
    /// Also names its directory: with the suite, the image and a hash of all that it is made of.
    pub id: String,
    pub packages: &'static [&'static str],
}

impl Image {
    pub fn name(self) -> &'static str {
        match self {
            Self::Bare => "bare",
            Self::WithRsync => "rsync",
            Self::Stack => "stack",
        }
    }

    /// Lowest first.
    fn parts(self) -> &'static [(Self, &'static [&'static str])] {
        match self {
            Self::Bare => &[(Self::Bare, BARE)],
            Self::WithRsync => &[(Self::Bare, BARE), (Self::WithRsync, RSYNC)],
            Self::Stack => &[(Self::Bare, BARE), (Self::WithRsync, RSYNC), (Self::Stack, STACK)],
        }
    }
}

impl Recipe {
    pub fn new(suite: Suite, image: Image, sources: Vec<String>) -> Self {
        let mut hash = Sha256::new();
        hash.update(format!("{RECIPE}\n{}\n{}\n", suite.name, sources.join("\n")));
        let layer = |(image, packages): &(Image, &'static [&'static str])| {
            hash.update(format!("{}\n", packages.join(" ")));
            let digest = hash.clone().finalize();
            let short: String = digest.iter().take(6).map(|byte| format!("{byte:02x}")).collect();
            Layer { id: format!("{}-{}-{short}", suite.name, image.name()), packages }
        };
        let layers = image.parts().iter().map(layer).collect();
        Self { suite, sources, layers }
    }

    /// Where its layers are, or will be once they are built; lowest first.
    pub fn directories(&self, layout: &Layout) -> Vec<PathBuf> {
        self.layers.iter().map(|layer| layer.directory(layout)).collect()
    }
}

impl Layer {
    pub fn directory(&self, layout: &Layout) -> PathBuf {
        layout.images().join(&self.id).join("root")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(image: Image, source: &str) -> Vec<String> {
        let suite = Suite::named("bookworm").unwrap();
        Recipe::new(suite, image, vec![source.to_owned()]).layers.into_iter().map(|layer| layer.id).collect()
    }

    #[test]
    fn an_images_name_tells_all_that_it_is_made_of() {
        let bare = ids(Image::Bare, "deb http://a x main");
        let stack = ids(Image::Stack, "deb http://a x main");
        assert_eq!(bare.len(), 1);
        assert_eq!(stack.len(), 3);
        assert_eq!(bare[0], stack[0], "the larger image shares the smaller");
        assert!(stack[2].starts_with("bookworm-stack-"), "{stack:?}");
        assert_ne!(bare, ids(Image::Bare, "deb http://b x main"));
        assert_ne!(ids(Image::WithRsync, "a")[1], ids(Image::WithRsync, "b")[1]);
    }
}

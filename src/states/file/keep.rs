//! Whether a copy of what is replaced is kept (`backup: minion`). Must not make it.

use serde::de::{self, Deserialize, Deserializer, Visitor};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Keep(bool);

impl Keep {
    pub fn wanted(self) -> bool {
        self.0
    }
}

impl<'de> Deserialize<'de> for Keep {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;

        impl Visitor<'_> for Reader {
            type Value = Keep;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("`minion`, or nothing for no backup")
            }

            fn visit_unit<E: de::Error>(self) -> Result<Keep, E> {
                Ok(Keep(false))
            }

            fn visit_bool<E: de::Error>(self, value: bool) -> Result<Keep, E> {
                Ok(Keep(value))
            }

            fn visit_str<E: de::Error>(self, value: &str) -> Result<Keep, E> {
                match value {
                    "" => Ok(Keep(false)),
                    "minion" | "both" => Ok(Keep(true)),
                    "master" => Err(E::custom("there is no master to keep a backup: write `backup: minion`")),
                    _ => Err(E::custom(format!("`{value}` is no kind of backup: write `minion`"))),
                }
            }
        }

        deserializer.deserialize_any(Reader)
    }
}

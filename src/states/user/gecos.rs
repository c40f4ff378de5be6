//! The GECOS field: full name, room, work phone, home phone, other, with commas between. Plain text.

/// The five parts as they stand or as they shall be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Gecos {
    pub parts: [String; 5],
}

/// What people call the parts.
pub const NAMES: [&str; 5] = ["fullname", "roomnumber", "workphone", "homephone", "other"];

impl Gecos {
    pub fn parse(text: &str) -> Self {
        let mut gecos = Self::default();
        for (part, text) in gecos.parts.iter_mut().zip(text.splitn(5, ',')) {
            text.clone_into(part);
        }
        gecos
    }

    /// The field without empty parts at its end.
    pub fn text(&self) -> String {
        self.parts.join(",").trim_end_matches(',').to_owned()
    }
}

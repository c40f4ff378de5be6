//! A rule as a state asks for it, compared with ufw's notes and written as ufw's words.

use super::network::Network;
use super::tuple::Tuple;

#[derive(Clone, Debug)]
pub struct Rule {
    /// `tcp`, `udp` …, or `any`.
    pub proto: String,
    /// `22`, `80,443`, `6000:6007`, or `any`.
    pub to_port: String,
    pub to: Network,
    pub from_port: String,
    pub from: Network,
    pub app: Option<String>,
    /// `in` or `out`.
    pub direction: String,
    pub interface: Option<String>,
    pub comment: Option<String>,
}

impl Rule {
    /// Whether a noted rule is about the same packets; what becomes of them is not compared.
    pub fn is_about(&self, tuple: &Tuple) -> bool {
        let direction = match &self.interface {
            Some(interface) => format!("{}_{interface}", self.direction),
            None => self.direction.clone(),
        };
        let same_target = match &self.app {
            // The profile decides ports and protocol.
            Some(app) => tuple.app.as_ref() == Some(app),
            None => {
                tuple.app.is_none()
                    && tuple.proto == self.proto
                    && sorted(&tuple.to_port) == sorted(&self.to_port)
                    && sorted(&tuple.from_port) == sorted(&self.from_port)
            }
        };
        same_target && tuple.to == self.to && tuple.from == self.from && tuple.direction == direction
    }

    /// Whether it is for IPv6 only, for IPv4 only, or (`None`) for both.
    pub fn is_v6(&self) -> Option<bool> {
        self.from.is_v6().or_else(|| self.to.is_v6())
    }

    /// As arguments of ufw: `allow in proto tcp from any to any port 22 comment ssh`.
    pub fn words(&self, action: &str) -> Vec<String> {
        let mut words = vec![action.to_owned(), self.direction.clone()];
        let mut add = |pair: [&str; 2]| words.extend(pair.map(str::to_owned));
        if let Some(interface) = &self.interface {
            add(["on", interface]);
        }
        if self.proto != "any" && self.app.is_none() {
            add(["proto", &self.proto]);
        }
        add(["from", &self.from.to_string()]);
        if self.from_port != "any" {
            add(["port", &self.from_port]);
        }
        add(["to", &self.to.to_string()]);
        match &self.app {
            Some(app) => add(["app", app]),
            None if self.to_port != "any" => add(["port", &self.to_port]),
            None => {}
        }
        words
    }

    /// For people: `22/tcp from 10.0.0.0/8 on eth0`.
    pub fn title(&self) -> String {
        let mut title = match &self.app {
            Some(app) => app.clone(),
            None if self.proto == "any" => self.to_port.clone(),
            None => format!("{}/{}", self.to_port, self.proto),
        };
        if self.direction == "out" {
            title.push_str(" out");
        }
        if self.to != Network::Any {
            title.push_str(&format!(" to {}", self.to));
        }
        if self.from != Network::Any {
            title.push_str(&format!(" from {}", self.from));
        }
        if self.from_port != "any" {
            title.push_str(&format!(" from port {}", self.from_port));
        }
        if let Some(interface) = &self.interface {
            title.push_str(&format!(" on {interface}"));
        }
        title
    }
}

/// `443,80` is `80,443`.
fn sorted(ports: &str) -> Vec<&str> {
    let mut ports: Vec<&str> = ports.split(',').map(str::trim).collect();
    ports.sort_unstable();
    ports
}

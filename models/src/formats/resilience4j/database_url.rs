//! The address of a database, as JDBC and R2DBC write it.

use std::net::Ipv4Addr;

use crate::formats::values::service_name;

/// The name of a database that the address has no name for.
const DATABASE: &str = "database";

/// Options that name the database, of drivers that have it there.
const DATABASE_OPTIONS: [&str; 2] = ["databaseName", "database"];

/// The parts of an address such as `jdbc:postgresql://shop-db:5432/shop?ssl=true`.
#[derive(Debug, PartialEq)]
pub(super) struct DatabaseUrl<'a> {
    host: &'a str,
    database: &'a str,
    /// The options behind a `?` or `;`.
    pub options: Vec<(&'a str, &'a str)>,
}

impl<'a> DatabaseUrl<'a> {
    pub fn parse(url: &'a str) -> Self {
        let (address, options) = url.split_once(['?', ';']).unwrap_or((url, ""));
        let option = |text: &'a str| text.split_once('=').unwrap_or((text, ""));
        let options: Vec<_> =
            options.split(['&', ';']).filter(|text| !text.is_empty()).map(option).collect();
        // Oracle's has the host behind an `@` and no `//`.
        let at_host = address.split_once("//").or_else(|| address.split_once('@'));
        let (host, path) = match at_host {
            Some((_, rest)) if rest.contains('(') => ("", ""),
            Some((_, rest)) => rest.split_once('/').unwrap_or((rest, "")),
            None => ("", address.rsplit([':', '/']).next().unwrap_or_default()),
        };
        let host = host.rsplit('@').next().unwrap_or_default();
        let host = host.split([',', ':', '\\']).next().unwrap_or_default();
        let is_named = |(key, _): &&(&str, &str)| DATABASE_OPTIONS.contains(key);
        let named = options.iter().find(is_named).map(|(_, name)| *name);
        Self { host, database: named.unwrap_or(path), options }
    }

    /// The name that the database has as a callee: the first part of its host, or else the name of the database if the
    /// host is a number or this machine.
    pub fn name(&self) -> String {
        let is_of_machine = ["localhost", "host"].contains(&self.label());
        let is_number = self.host.parse::<Ipv4Addr>().is_ok() || self.host.starts_with('[');
        let host = (!is_of_machine && !is_number).then_some(self.label());
        let is_sound = |name: &&str| name.contains(char::is_alphanumeric);
        let name = host.into_iter().chain([self.database]).find(is_sound).unwrap_or(DATABASE);
        service_name(name)
    }

    fn label(&self) -> &'a str {
        self.host.split('.').next().unwrap_or_default()
    }
}

/// The address without its options and without the name and the password of a user.
pub(super) fn bare(url: &str) -> String {
    let address = url.split(['?', ';']).next().unwrap_or_default();
    let Some((before, after)) = address.rsplit_once('@') else { return address.to_owned() };
    let start = before.find("//").map(|at| at + 2).or(before.rfind(':').map(|at| at + 1));
    format!("{}{after}", &before[..start.unwrap_or_default()])
}

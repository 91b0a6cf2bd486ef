//! `[http]`, `[connections]` and `[events]` as they are written, and their checks.

use std::collections::BTreeMap;

use axum::http::{HeaderName, HeaderValue};
use serde::Deserialize;
use toml::Spanned;

use super::outgoing::{Authorization, Connection, Events, Extra, Http, OAuth, Setting};
use super::table::{Checked, Fault, timeout, url};

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, expecting = "the table [http]")]
pub(super) struct HttpTable {
    allow_private: Option<bool>,
    allow_hosts: Option<Spanned<Vec<Spanned<String>>>>,
    timeout_s: Option<Spanned<toml::Value>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table such as [connections.name]")]
pub(super) struct ConnectionTable {
    api_key: Option<ApiKeyTable>,
    basic: Option<BasicTable>,
    oauth: Option<OAuthTable>,
    #[serde(default)]
    headers: BTreeMap<Spanned<String>, SettingTable>,
    #[serde(default)]
    query: BTreeMap<String, SettingTable>,
    #[serde(default)]
    body: BTreeMap<String, SettingTable>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table such as { name = \"X-Api-Key\", value = \"key\" }")]
struct ApiKeyTable {
    name: Spanned<String>,
    value: SettingTable,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table such as { username = \"u\", password = \"p\" }")]
struct BasicTable {
    username: SettingTable,
    password: SettingTable,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table with endpoint, client_id and client_secret")]
struct OAuthTable {
    endpoint: Spanned<String>,
    method: Option<Spanned<String>>,
    client_id: SettingTable,
    client_secret: SettingTable,
    credentials_in: Option<Spanned<String>>,
    #[serde(default)]
    headers: BTreeMap<Spanned<String>, SettingTable>,
    #[serde(default)]
    query: BTreeMap<String, SettingTable>,
    #[serde(default)]
    body: BTreeMap<String, SettingTable>,
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "a string, or { env = \"VARIABLE\" }")]
enum SettingTable {
    Plain(String),
    Variable(VariableTable),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct VariableTable {
    env: String,
}

impl From<SettingTable> for Setting {
    fn from(table: SettingTable) -> Setting {
        match table {
            SettingTable::Plain(text) => Setting::Plain(text),
            SettingTable::Variable(variable) => Setting::Variable(variable.env),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "the table [events]")]
pub(super) struct EventsTable {
    url: Option<Spanned<String>>,
    eventbridge: Option<Spanned<String>>,
}

pub(super) fn http(table: HttpTable) -> Checked<Http> {
    let hosts = table.allow_hosts.map(Spanned::into_inner).unwrap_or_default();
    Ok(Http {
        allow_private: table.allow_private.unwrap_or_default(),
        allow_hosts: hosts.into_iter().map(host).collect::<Checked<_>>()?,
        timeout: timeout(table.timeout_s, Http::default().timeout)?,
    })
}

/// A name or an address alone: whoever writes more would have it ignored.
fn host(text: Spanned<String>) -> Checked<String> {
    let name = text.get_ref().strip_prefix("*.").unwrap_or(text.get_ref());
    let is_address = name.parse::<std::net::IpAddr>().is_ok();
    let letter = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.');
    match is_address || !name.is_empty() && name.chars().all(letter) {
        true => Ok(text.into_inner()),
        false => {
            let message = format!("`{}` is no host: a name, an address, or \"*.\" and an ending", text.get_ref());
            Err(Fault(text.span(), message))
        }
    }
}

pub(super) fn connections(tables: BTreeMap<String, Spanned<ConnectionTable>>) -> Checked<BTreeMap<String, Connection>> {
    tables.into_iter().map(|(name, table)| Ok((name, connection(table)?))).collect()
}

fn connection(table: Spanned<ConnectionTable>) -> Checked<Connection> {
    let span = table.span();
    let ConnectionTable { api_key, basic, oauth, headers, query, body } = table.into_inner();
    let authorization = match (api_key, basic, oauth) {
        (Some(key), None, None) => Authorization::ApiKey { name: header_name(key.name)?, value: key.value.into() },
        (None, Some(basic), None) => {
            Authorization::Basic { username: basic.username.into(), password: basic.password.into() }
        }
        (None, None, Some(oauth)) => Authorization::OAuth(self::oauth(oauth)?),
        _ => return Err(Fault(span, "a connection needs just one of `api_key`, `basic` and `oauth`".to_owned())),
    };
    Ok(Connection { authorization, extra: extra(headers, query, body)? })
}

fn oauth(table: OAuthTable) -> Checked<OAuth> {
    let method = match table.method {
        None => "POST".to_owned(),
        Some(method) if matches!(&**method.get_ref(), "GET" | "POST" | "PUT") => method.into_inner(),
        Some(method) => return Err(Fault(method.span(), "`method` is \"GET\", \"POST\" or \"PUT\"".to_owned())),
    };
    let in_header = match table.credentials_in {
        None => false,
        Some(place) => match &**place.get_ref() {
            "body" => false,
            "header" => true,
            _ => return Err(Fault(place.span(), "`credentials_in` is \"body\" or \"header\"".to_owned())),
        },
    };
    Ok(OAuth {
        endpoint: url(table.endpoint)?,
        method,
        client_id: table.client_id.into(),
        client_secret: table.client_secret.into(),
        in_header,
        extra: extra(table.headers, table.query, table.body)?,
    })
}

fn extra(
    headers: BTreeMap<Spanned<String>, SettingTable>,
    query: BTreeMap<String, SettingTable>,
    body: BTreeMap<String, SettingTable>,
) -> Checked<Extra> {
    let settings = |table: BTreeMap<String, SettingTable>| -> BTreeMap<String, Setting> {
        table.into_iter().map(|(name, value)| (name, value.into())).collect()
    };
    let header = |(name, value): (Spanned<String>, SettingTable)| {
        let (span, value) = (name.span(), Setting::from(value));
        let name = header_name(name)?;
        match &value {
            Setting::Plain(text) if text.parse::<HeaderValue>().is_err() => {
                let message = format!("the value of header `{name}` has characters that a header cannot have");
                Err(Fault(span, message))
            }
            Setting::Plain(_) | Setting::Variable(_) => Ok((name, value)),
        }
    };
    Ok(Extra {
        headers: headers.into_iter().map(header).collect::<Checked<_>>()?,
        query: settings(query),
        body: settings(body),
    })
}

fn header_name(name: Spanned<String>) -> Checked<String> {
    match name.get_ref().parse::<HeaderName>() {
        Ok(_) => Ok(name.into_inner()),
        Err(_) => Err(Fault(name.span(), format!("`{}` is no name of a header", name.get_ref()))),
    }
}

pub(super) fn events(table: Spanned<EventsTable>) -> Checked<Events> {
    let span = table.span();
    let EventsTable { url: to, eventbridge } = table.into_inner();
    match (to, eventbridge) {
        (Some(to), None) => Ok(Events::Url(url(to)?)),
        (None, Some(endpoint)) => Ok(Events::EventBridge(url(endpoint)?)),
        (Some(_), Some(_)) | (None, None) => {
            Err(Fault(span, "[events] needs just one of `url` and `eventbridge`".to_owned()))
        }
    }
}

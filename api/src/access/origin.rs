//! Pages of other sites must not reach the server through the browser of somebody who is on its machine.

use axum::http::request::Parts;
use axum::http::{Method, header};

use super::Refusal;

/// Refuses what a browser sends on behalf of a page that is not this server's own. `host` is what the request asks for.
pub fn check(head: &Parts, host: &str) -> Result<(), Refusal> {
    let mut origins = head.headers.get_all(header::ORIGIN).iter();
    if origins.any(|origin| !origin.to_str().is_ok_and(|origin| is_own(origin, host))) {
        return Err(Refusal(
            "Requests of pages from other origins are not served: call the API from a program, or through a proxy of \
             the page's own server"
                .to_owned(),
        ));
    }
    let fetched = |name: &str| head.headers.get(name).and_then(|value| value.to_str().ok());
    let elsewhere = fetched("sec-fetch-site").is_some_and(|site| site == "cross-site" || site == "same-site");
    // Following a link is no more than that.
    let followed = head.method == Method::GET && fetched("sec-fetch-mode") == Some("navigate");
    match elsewhere && !followed {
        true => Err(Refusal("Requests of pages from other sites are not served".to_owned())),
        false => Ok(()),
    }
}

fn is_own(origin: &str, host: &str) -> bool {
    let authority = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
    authority.is_some_and(|authority| authority.eq_ignore_ascii_case(host))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn passes(method: &str, headers: &[(&str, &str)]) -> bool {
        let mut request = axum::http::Request::builder().method(method);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        check(&request.body(()).unwrap().into_parts().0, "localhost:8083").is_ok()
    }

    #[test]
    fn only_the_server_s_own_pages_may_ask() {
        assert!(passes("POST", &[]));
        for own in ["http://localhost:8083", "https://LOCALHOST:8083"] {
            assert!(passes("POST", &[("origin", own)]), "{own}");
        }
        for other in [
            "null",
            "",
            "http://localhost:3000",
            "http://localhost",
            "http://example.com",
            "localhost:8083",
            "http://localhost:8083.example.com",
            "http://localhost:8083/",
        ] {
            assert!(!passes("POST", &[("origin", other)]), "{other}");
            assert!(!passes("OPTIONS", &[("origin", other), ("access-control-request-method", "POST")]), "{other}");
        }
        assert!(!passes("POST", &[("origin", "http://localhost:8083"), ("origin", "http://example.com")]));
    }

    #[test]
    fn other_sites_may_only_link() {
        assert!(passes("GET", &[("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate")]));
        assert!(passes("GET", &[("sec-fetch-site", "none")]));
        assert!(passes("POST", &[("sec-fetch-site", "same-origin"), ("sec-fetch-mode", "cors")]));
        assert!(!passes("GET", &[("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "no-cors")]));
        assert!(!passes("POST", &[("sec-fetch-site", "same-site"), ("sec-fetch-mode", "navigate")]));
    }
}

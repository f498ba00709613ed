//! Where a running kernel is.

use anyhow::{Result, bail};

/// The kernel's two sockets, as ZeroMQ names them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Endpoints {
    /// What goes to the kernel.
    pub(crate) input: String,
    /// What comes from it.
    pub(crate) output: String,
}

impl Endpoints {
    /// Reads `HOST`, `HOST:IN:OUT`, or two endpoints with a comma between them. `names` are those of the sockets in the folder
    /// of `ipc://FOLDER`, where kernels of this kind have such a folder.
    pub(crate) fn read(text: &str, ports: (u16, u16), names: Option<(&str, &str)>) -> Result<Self> {
        if let Some((input, output)) = text.split_once(',') {
            return match [input, output].map(str::trim) {
                [input, output] if input.contains("://") && output.contains("://") => {
                    Ok(Self { input: input.to_owned(), output: output.to_owned() })
                }
                _ => bail!("{text:?}: two endpoints are tcp://HOST:PORT or ipc://PATH, with a comma between them"),
            };
        }
        if let (Some(folder), Some((input, output))) = (text.strip_prefix("ipc://"), names) {
            return Ok(Self { input: format!("ipc://{folder}/{input}"), output: format!("ipc://{folder}/{output}") });
        }
        let address = text.strip_prefix("tcp://").unwrap_or(text);
        let (host, rest) = match address.find(']') {
            // An IPv6 address has colons of its own.
            Some(end) if address.starts_with('[') => address.split_at(end + 1),
            _ => address.split_at(address.find(':').unwrap_or(address.len())),
        };
        let ports = match *rest.split(':').collect::<Vec<_>>() {
            [""] => ports,
            ["", input, output] => (port(input)?, port(output)?),
            _ => bail!("{text:?} is no HOST and no HOST:IN:OUT with the kernel's two ports"),
        };
        if host.is_empty() || host.contains("://") || host.contains('/') {
            bail!("{text:?} names no host: give HOST, HOST:IN:OUT, or two endpoints with a comma between them");
        }
        // Kernels listen at the IPv4 address, and the name may stand for another one.
        let host = if host == "localhost" { "127.0.0.1" } else { host };
        Ok(Self { input: format!("tcp://{host}:{}", ports.0), output: format!("tcp://{host}:{}", ports.1) })
    }
}

fn port(text: &str) -> Result<u16> {
    match text.parse() {
        Ok(0) | Err(_) => bail!("{text:?} is no port"),
        Ok(port) => Ok(port),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<(String, String), String> {
        let read = Endpoints::read(text, (2000, 2001), Some(("replin", "replout")));
        read.map(|endpoints| (endpoints.input, endpoints.output)).map_err(|error| error.to_string())
    }

    #[test]
    fn a_kernel_is_named_in_every_way_that_it_listens() {
        for (text, input, output) in [
            ("host", "tcp://host:2000", "tcp://host:2001"),
            ("localhost", "tcp://127.0.0.1:2000", "tcp://127.0.0.1:2001"),
            ("host:5:6", "tcp://host:5", "tcp://host:6"),
            ("tcp://10.0.0.1:5:6", "tcp://10.0.0.1:5", "tcp://10.0.0.1:6"),
            ("[::1]", "tcp://[::1]:2000", "tcp://[::1]:2001"),
            ("[::1]:5:6", "tcp://[::1]:5", "tcp://[::1]:6"),
            ("ipc:///run/x", "ipc:///run/x/replin", "ipc:///run/x/replout"),
            ("tcp://a:1,ipc:///b", "tcp://a:1", "ipc:///b"),
        ] {
            assert_eq!(read(text), Ok((input.into(), output.into())));
        }
    }

    #[test]
    fn what_names_no_kernel_is_refused_with_the_reason() {
        for (text, reason) in [
            ("", "names no host"),
            ("host:5", "two ports"),
            ("host:5:6:7", "two ports"),
            ("host:a:6", "no port"),
            ("host:5:70000", "no port"),
            ("::1", "no"),
            ("http://host", "no"),
            ("a,b", "two endpoints"),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.contains(reason), "{text}: {error}");
        }
        assert!(Endpoints::read("ipc:///run/x", (2002, 2003), None).is_err());
    }
}

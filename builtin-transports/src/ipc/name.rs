//! Names of Unix sockets.

use std::path::{Path, PathBuf};

use socket2::SockAddr;
use spkit_api::{Address, Error, ErrorKind, Result};

/// Bytes of a path: `sun_path` without its final NUL.
#[cfg(target_os = "linux")]
pub(super) const PATH_MAX: usize = 107;
#[cfg(not(target_os = "linux"))]
pub(super) const PATH_MAX: usize = 103;

/// Where a Unix socket is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Name {
    /// A file, as the address names it.
    Path(PathBuf),
    /// A name of Linux's own, without a file.
    Abstract(Vec<u8>),
}

impl Name {
    /// Reads an address and checks the length, which the system would cut or refuse without a reason (SP-IPC-018).
    pub(super) fn parse(address: &Address) -> Result<Self> {
        let invalid = |why: String| Error::new(ErrorKind::AddressInvalid, why);
        let rest = address.rest();
        if rest.is_empty() {
            return Err(invalid("a Unix socket needs a name".to_owned()));
        }
        let (name, len) = match address.scheme() {
            "abstract" => {
                let name = percent_decode(rest)
                    .ok_or_else(|| invalid("`%` is followed by two hex digits".to_owned()))?;
                let len = name.len();
                (Self::Abstract(name), len)
            }
            _ => (Self::Path(rest.into()), rest.len()),
        };
        if len > PATH_MAX {
            return Err(invalid(format!(
                "the name of a Unix socket has at most {PATH_MAX} bytes, this one has {len}"
            )));
        }
        Ok(name)
    }

    /// The file, where there is one.
    pub(super) fn path(&self) -> Option<&Path> {
        match self {
            Self::Path(path) => Some(path),
            Self::Abstract(_) => None,
        }
    }

    /// As the system takes it.
    pub(super) fn to_socket(&self) -> Result<SockAddr> {
        let address = match self {
            Self::Path(path) => SockAddr::unix(path)?,
            #[cfg(unix)]
            Self::Abstract(name) => {
                use std::os::unix::ffi::OsStrExt;
                // A leading NUL stands for the namespace.
                let mut path = vec![0];
                path.extend_from_slice(name);
                SockAddr::unix(std::ffi::OsStr::from_bytes(&path))?
            }
        };
        Ok(address)
    }
}

fn percent_decode(text: &str) -> Option<Vec<u8>> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'%' => hex(bytes.next()?)? * 16 + hex(bytes.next()?)?,
            other => other,
        });
    }
    Some(decoded)
}

fn hex(digit: u8) -> Option<u8> {
    let value = char::from(digit).to_digit(16)?;
    u8::try_from(value).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(address: &str) -> Result<Name> {
        Name::parse(&Address::parse(address).unwrap())
    }

    #[test]
    fn paths_stand_as_they_are() {
        let relative = parse("ipc://run/x%20y").unwrap();
        assert_eq!(relative.path(), Some(Path::new("run/x%20y")));
        assert_eq!(
            parse("unix:///tmp/x").unwrap().path(),
            Some(Path::new("/tmp/x"))
        );
    }

    #[test]
    fn abstract_names_are_decoded() {
        let decoded = parse("abstract://a%00b%2Fc").unwrap();
        assert_eq!(decoded, Name::Abstract(b"a\0b/c".to_vec()));
        for bad in [
            "abstract://%",
            "abstract://%4",
            "abstract://%zz",
            "abstract://",
        ] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_longest_name_fits_and_one_more_byte_is_refused_with_the_number() {
        for scheme in ["ipc", "abstract"] {
            let longest = parse(&format!("{scheme}://{}", "a".repeat(PATH_MAX))).unwrap();
            assert!(longest.to_socket().is_ok());
            let error = parse(&format!("{scheme}://{}", "a".repeat(PATH_MAX + 1))).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::AddressInvalid);
            assert!(error.to_string().contains(&PATH_MAX.to_string()), "{error}");
        }
    }
}

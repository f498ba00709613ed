//! Class files, as far as one must read them to know which class to run (The Java Virtual Machine Specification,
//! chapter 4).

const PUBLIC_STATIC: u16 = 0x0001 | 0x0008;
const MAIN: (&str, &str) = ("main", "([Ljava/lang/String;)V");

/// What a class file says of its class.
#[derive(Debug)]
pub(crate) struct Class {
    /// Its full name, with slashes.
    pub(crate) name: String,
    /// That of its superclass; empty where it has none.
    pub(crate) parent: String,
    /// The file that it was compiled from, without a folder.
    pub(crate) source: String,
    /// Whether it has a `public static void main(String[])` of its own.
    pub(crate) has_main: bool,
}

impl Class {
    /// `None` where it is no class file.
    pub(crate) fn parse(bytes: &[u8]) -> Option<Self> {
        let mut reader = Reader(bytes);
        (reader.u32()? == 0xCAFE_BABE).then_some(())?;
        reader.skip(4)?;
        let constants = Constants::read(&mut reader)?;
        reader.skip(2)?;
        let name = constants.class(reader.u16()?)?;
        let parent = constants.class(reader.u16()?).unwrap_or_default();
        let interfaces = reader.u16()?;
        reader.skip(usize::from(interfaces) * 2)?;
        for _field in 0..reader.u16()? {
            reader.skip(6)?;
            reader.attributes(|_, _| ())?;
        }
        let mut has_main = false;
        for _method in 0..reader.u16()? {
            let (access, name, descriptor) = (reader.u16()?, reader.u16()?, reader.u16()?);
            let signature = (constants.text(name)?, constants.text(descriptor)?);
            has_main |= access & PUBLIC_STATIC == PUBLIC_STATIC && signature == MAIN;
            reader.attributes(|_, _| ())?;
        }
        let mut source = None;
        reader.attributes(|name, mut value| {
            if constants.text(name) == Some("SourceFile") {
                source = value.u16().and_then(|index| constants.text(index)).map(str::to_owned);
            }
        })?;
        Some(Self { name: name.to_owned(), parent: parent.to_owned(), source: source.unwrap_or_default(), has_main })
    }
}

/// The constants that names are found by: texts, and classes, which refer to their name.
struct Constants<'a>(Vec<Constant<'a>>);

#[derive(Clone, Copy)]
enum Constant<'a> {
    Text(&'a [u8]),
    Class(u16),
    Other,
}

impl<'a> Constants<'a> {
    fn read(reader: &mut Reader<'a>) -> Option<Self> {
        let count = usize::from(reader.u16()?);
        // The first index is 1.
        let mut constants = vec![Constant::Other];
        while constants.len() < count {
            let (constant, size) = match reader.u8()? {
                1 => {
                    let length = reader.u16()?;
                    (Constant::Text(reader.take(usize::from(length))?), 0)
                }
                7 => (Constant::Class(reader.u16()?), 0),
                8 | 16 | 19 | 20 => (Constant::Other, 2),
                15 => (Constant::Other, 3),
                3 | 4 | 9..=12 | 17 | 18 => (Constant::Other, 4),
                5 | 6 => {
                    // A number of eight bytes takes two indices.
                    constants.push(Constant::Other);
                    (Constant::Other, 8)
                }
                _ => return None,
            };
            reader.skip(size)?;
            constants.push(constant);
        }
        Some(Self(constants))
    }

    fn text(&self, index: u16) -> Option<&'a str> {
        match self.0.get(usize::from(index))? {
            Constant::Text(bytes) => std::str::from_utf8(bytes).ok(),
            _ => None,
        }
    }

    fn class(&self, index: u16) -> Option<&'a str> {
        match self.0.get(usize::from(index))? {
            Constant::Class(name) => self.text(*name),
            _ => None,
        }
    }
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn skip(&mut self, count: usize) -> Option<()> {
        self.take(count).map(|_| ())
    }

    fn u8(&mut self) -> Option<u8> {
        self.take(1).map(|bytes| bytes[0])
    }

    fn u16(&mut self) -> Option<u16> {
        self.take(2).map(|bytes| u16::from_be_bytes([bytes[0], bytes[1]]))
    }

    fn u32(&mut self) -> Option<u32> {
        self.take(4).map(|bytes| u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
    }

    /// Hands each attribute to `visit`: the index of its name, and its value.
    fn attributes(&mut self, mut visit: impl FnMut(u16, Reader<'a>)) -> Option<()> {
        for _attribute in 0..self.u16()? {
            let (name, length) = (self.u16()?, self.u32()?);
            visit(name, Reader(self.take(usize::try_from(length).ok()?)?));
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_cut_or_garbage_is_no_class() {
        assert!(Class::parse(b"").is_none());
        assert!(Class::parse(b"\xCA\xFE\xBA\xBE\0\0\0\x3D\0\x05\x01\0\x09abc").is_none());
        assert!(Class::parse(&[0xFF; 64]).is_none());
    }
}

//! The value of a query, shown by `Debug`, or else by `Display`, or else by its type.

use std::any::type_name;
use std::fmt::{Debug, Display};

/// Shows a value. Which of the three traits below is meant depends on what the value's type has: the compiler tries the
/// one with the most references first.
#[macro_export]
macro_rules! show {
    ($value:expr) => {{
        #[allow(unused_imports)]
        use $crate::{ShowDebug as _, ShowDisplay as _, ShowType as _};
        (&&&$crate::Value(&$value)).show()
    }};
}

pub struct Value<'a, T: ?Sized>(pub &'a T);

pub trait ShowDebug {
    fn show(&self);
}

impl<T: Debug + ?Sized> ShowDebug for &&Value<'_, T> {
    fn show(&self) {
        if type_name::<T>() != "()" {
            println!("{:?}", self.0);
        }
    }
}

pub trait ShowDisplay {
    fn show(&self);
}

impl<T: Display + ?Sized> ShowDisplay for &Value<'_, T> {
    fn show(&self) {
        println!("{}", self.0);
    }
}

pub trait ShowType {
    fn show(&self);
}

impl<T: ?Sized> ShowType for Value<'_, T> {
    fn show(&self) {
        println!("<{}, which has no Debug>", type_name::<T>().replace("query::", ""));
    }
}

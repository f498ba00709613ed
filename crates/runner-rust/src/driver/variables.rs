//! The variables between two queries, and the query itself. The host and all queries share this one library.

use std::alloc::Layout;
use std::any::type_name;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::error::Error;
use std::mem::ManuallyDrop;
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::sync::Mutex;

struct Variable {
    is_mutable: bool,
    type_name: &'static str,
    layout: Layout,
    /// What was a `Box` of the value.
    value: *mut (),
    drop: unsafe fn(*mut ()),
}

impl Drop for Variable {
    fn drop(&mut self) {
        unsafe { (self.drop)(self.value) }
    }
}

thread_local! {
    static VARIABLES: RefCell<BTreeMap<String, Variable>> = RefCell::new(BTreeMap::new());
}

/// The value of a variable, for a query that owns it until it keeps it again.
pub fn take<T>(name: &str) -> T {
    let taken = VARIABLES.with(|variables| variables.borrow_mut().remove(name));
    match taken {
        Some(variable) if variable.layout == Layout::new::<T>() => {
            let variable = ManuallyDrop::new(variable);
            unsafe { *Box::from_raw(variable.value as *mut T) }
        }
        Some(_) => panic!("the type of variable `{}` has changed", name),
        None => panic!("variable `{}` is gone with the state", name),
    }
}

/// Keeps the value of a variable for later queries.
pub fn keep<T: 'static>(name: &str, is_mutable: bool, value: T) {
    store(name, is_mutable, value);
}

fn store<T>(name: &str, is_mutable: bool, value: T) {
    unsafe fn drop_boxed<T>(value: *mut ()) {
        drop(Box::from_raw(value as *mut T));
    }
    let value = Box::into_raw(Box::new(value)) as *mut ();
    let (type_name, layout) = (type_name::<T>(), Layout::new::<T>());
    let variable = Variable { is_mutable, type_name, layout, value, drop: drop_boxed::<T> };
    // The one before may have a destructor that comes back here.
    drop(VARIABLES.with(|variables| variables.borrow_mut().insert(name.to_owned(), variable)));
}

/// Drops variables.
pub fn forget(names: &[&str]) {
    for name in names {
        drop(VARIABLES.with(|variables| variables.borrow_mut().remove(*name)));
    }
}

/// Nobody can write the type of a closure, but that of a box around one.
macro_rules! closures {
    ($($keep:ident $keep_mut:ident ($($argument:ident)*))*) => {$(
        pub fn $keep<F: Fn($($argument),*) -> R + 'static, $($argument,)* R>(name: &str, closure: F) {
            store(name, false, Box::new(closure) as Box<dyn Fn($($argument),*) -> R>);
        }

        pub fn $keep_mut<F: FnMut($($argument),*) -> R + 'static, $($argument,)* R>(name: &str, closure: F) {
            store(name, true, Box::new(closure) as Box<dyn FnMut($($argument),*) -> R>);
        }
    )*};
}

closures! {
    keep_closure_0 keep_mut_closure_0 ()
    keep_closure_1 keep_mut_closure_1 (A)
    keep_closure_2 keep_mut_closure_2 (A B)
    keep_closure_3 keep_mut_closure_3 (A B C)
    keep_closure_4 keep_mut_closure_4 (A B C D)
}

/// A line for each variable: its name, whether it is mutable, and its type.
pub fn describe() -> String {
    let line = |(name, kept): (&String, &Variable)| {
        format!("{}\t{}\t{}\n", name, if kept.is_mutable { "mut" } else { "" }, kept.type_name)
    };
    VARIABLES.with(|variables| variables.borrow().iter().map(line).collect())
}

/// Text that is not the user's in the query that runs: its line, its column and its length.
type Places = &'static [(u32, u32, u32)];

static PLACES: Mutex<Places> = Mutex::new(&[]);

/// The user's column for one of the query that runs.
pub fn own_column(line: u32, column: u32) -> u32 {
    let places = PLACES.lock().map_or(&[][..], |places| *places);
    let before = places.iter().filter(|place| place.0 == line && place.1 < column);
    column - before.map(|place| place.2).sum::<u32>()
}

/// Runs a query: 0, 1 when it ends with an error, 101 when it panics.
pub fn run(places: Places, query: fn() -> Result<(), Box<dyn Error>>) -> i32 {
    if let Ok(mut known) = PLACES.lock() {
        *known = places;
    }
    match catch_unwind(AssertUnwindSafe(query)) {
        Ok(Ok(())) => 0,
        Ok(Err(error)) => {
            eprintln!("Error: {:?}", error);
            1
        }
        Err(_) => 101,
    }
}

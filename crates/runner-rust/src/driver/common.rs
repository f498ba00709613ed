//! What most snippets need of the standard library, for the types that most of them use. The compiler takes what it
//! finds compiled here, and compiles it in no snippet again.

use std::collections::HashMap;
use std::fmt::Debug;
use std::hash::Hash;

use kernel_runner::{keep, show, take};

/// Is never called.
pub fn common() {
    one::<i32>();
    one::<i64>();
    one::<u8>();
    one::<u64>();
    one::<usize>();
    one::<f64>();
    one::<char>();
    one::<&'static str>();
    one::<String>();
    map::<&'static str, i32>();
    map::<String, i32>();
    map::<String, usize>();
    map::<String, String>();
    map::<i32, i32>();
}

fn values<T: Clone + Debug + 'static>() {
    let value = take::<T>("");
    show!(value);
    keep("", true, value);
}

fn one<T: Clone + Debug + 'static>() {
    values::<T>();
    values::<Option<T>>();
    values::<Vec<T>>();
    values::<Vec<Vec<T>>>();
    let mut list = take::<Vec<T>>("");
    list.push(list[0].clone());
    list.extend(list.clone());
    list.pop();
    list.insert(0, list[1..].to_vec().remove(0));
    for value in &list {
        show!(value);
    }
    for value in list.iter().enumerate() {
        show!(value.1);
    }
    for value in list.into_iter().rev() {
        show!(value);
    }
}

fn map<K: Clone + Debug + Eq + Hash + 'static, V: Clone + Debug + 'static>() {
    values::<HashMap<K, V>>();
    let mut map = take::<HashMap<K, V>>("");
    map.insert(take::<K>(""), take::<V>(""));
    map.entry(take::<K>("")).or_insert(take::<V>(""));
    show!(map.get(&take::<K>("")));
    for pair in &map {
        show!(pair);
    }
}

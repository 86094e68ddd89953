//! What the commands know of ports without them is what the ports say.

use guru_core::ports::{CONTENT_TYPE_LIMIT, KEY_LIMIT, VALUE_LIMIT, function_name};
use guru_toolbox::{data::archive::LIMITS, declared::Port};

#[test]
fn what_is_imported_has_the_limits_of_ports() {
    assert_eq!(LIMITS, (KEY_LIMIT, VALUE_LIMIT, CONTENT_TYPE_LIMIT));
}

#[test]
fn a_function_has_one_name() {
    for name in ["greeter", "Image_Sizes2", "r#match", "_a__b"] {
        let port = Port::Invoke { name: name.into() };
        assert_eq!(port.function(), Some(function_name(name)));
    }
}

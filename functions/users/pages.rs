//! The pages that this function is shown on, and the guide: their code is compiled with the documentation tests.

macro_rules! pages {
    ($($name:ident $path:literal)*) => {
        $(
            #[doc = include_str!(concat!("../../docs/", $path))]
            struct $name;
        )*
    };
}

pages! {
    ComingFrom "coming-from.md"
    Guide "guide.md"
    Axum "coming-from/axum.md"
    Hono "coming-from/hono.md"
    LambdaHttp "coming-from/lambda-http.md"
    SpinSdk "coming-from/spin-sdk.md"
    WorkersRs "coming-from/workers-rs.md"
}

//! A QR code of a link, by which a telephone follows it.

use guru::prelude::*;
use qrcode::{QrCode, render::svg};

/// The setting that says where the function is, as `https://example.com`, where a request does not: behind a stage, or a proxy.
const PLACE: &str = "LINKS_URL";

/// How many pixels it has at least, in each direction.
const PIXELS: u32 = 256;

/// Answers with the picture: the one that was made before, or else one that is made and kept.
#[cfg(feature = "pictures")]
pub(crate) async fn show(cx: Context, req: Request) -> Result<Response> {
    let name: String = req.param("name")?;
    crate::link(&cx, &name).await?;
    let pictures = cx.port(crate::pictures);
    if pictures.head(&name).await?.is_none() {
        let made = draw(&place(&cx, &req, &name)?)?;
        pictures.put(&name, "image/svg+xml", made).await?;
    }
    pictures.serve(&name, &req).await
}

/// Answers with the picture, which is made for each request where nothing keeps it.
#[cfg(not(feature = "pictures"))]
pub(crate) async fn show(cx: Context, req: Request) -> Result<Response> {
    let name: String = req.param("name")?;
    crate::link(&cx, &name).await?;
    let made = draw(&place(&cx, &req, &name)?)?;
    Ok(Response::typed("image/svg+xml", made))
}

/// Where the link of this name is.
fn place(cx: &Context, req: &Request, name: &str) -> Result<String> {
    let said = cx.config().get(PLACE)?;
    let place = said.map_or_else(
        || {
            format!(
                "http://{}",
                req.headers().get_str("host").unwrap_or("localhost")
            )
        },
        |said| said.trim_end_matches('/').to_owned(),
    );
    Ok(format!("{place}/{name}"))
}

fn draw(text: &str) -> Result<String> {
    let code = QrCode::new(text)?;
    let mut image = code.render::<svg::Color<'_>>();
    Ok(image.min_dimensions(PIXELS, PIXELS).build())
}

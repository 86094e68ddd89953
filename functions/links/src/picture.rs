//! A QR code of a link, by which a telephone follows it.

use guru::prelude::*;
use qrcode::{QrCode, render::svg};

/// The setting that says where the function is, as `https://example.com`. Without it that is where the client says that it is, and a
/// picture is for that client alone: it is not kept.
const PLACE: &str = "LINKS_URL";

const TYPE: &str = "image/svg+xml";

/// How many pixels it has at least, in each direction.
const PIXELS: u32 = 256;

/// Answers with the picture: the one that was made before, where something keeps it, or else one that is made.
pub(crate) async fn show(cx: Context, req: Request) -> Result<Response> {
    let name: String = req.param("name")?;
    crate::link(&cx, &name).await?;
    let Some(place) = cx.config().get(PLACE)? else {
        let host = req.headers().get_str("host").unwrap_or("localhost");
        let made = draw(&format!("http://{host}/{name}"))?;
        return Ok(Response::typed(TYPE, made));
    };
    let text = format!("{}/{name}", place.trim_end_matches('/'));
    kept(&cx, &req, &name, &text).await
}

#[cfg(feature = "pictures")]
async fn kept(cx: &Context, req: &Request, name: &str, text: &str) -> Result<Response> {
    let pictures = cx.port(crate::pictures);
    if pictures.head(name).await?.is_none() {
        pictures.put(name, TYPE, draw(text)?).await?;
    }
    pictures.serve(name, req).await
}

#[cfg(not(feature = "pictures"))]
async fn kept(_cx: &Context, _req: &Request, _name: &str, text: &str) -> Result<Response> {
    Ok(Response::typed(TYPE, draw(text)?))
}

fn draw(text: &str) -> Result<String> {
    let code = QrCode::new(text)?;
    let mut image = code.render::<svg::Color<'_>>();
    Ok(image.min_dimensions(PIXELS, PIXELS).build())
}

//! Writes the seeds as files, one folder per property, as `cargo fuzz` reads them: `cargo run --example seeds`.

use std::fs;
use std::io;
use std::path::Path;

fn main() -> io::Result<()> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpus");
    for (name, _) in properties::ALL {
        let folder = corpus.join(name);
        fs::create_dir_all(&folder)?;
        let seeds = properties::seeds::of(name);
        for (index, seed) in seeds.iter().enumerate() {
            fs::write(folder.join(format!("seed-{index:04}")), seed)?;
        }
        println!("{}: {} seeds", folder.display(), seeds.len());
    }
    Ok(())
}

//! Fills the add-ons example: a catalogue of 20,000 add-ons with their versions, ratings, icons and download counts.
//! `stead` starts it as the last seed step. The same program gives the same rows and files on every machine and on every
//! engine, because a snapshot of them must be comparable.

mod calendar;
mod catalogue;
mod database;
mod destination;
mod generate;
mod icons;
mod packages;
mod random;
mod usage;
mod words;

use std::io::Write;

use anyhow::{Context, Result};

use catalogue::Written;
use destination::Destination;
use generate::{Scale, World};

fn main() -> Result<()> {
    let destination = Destination::from_environment()?;
    let (written, counts) = fill(&destination, Scale::FULL)?;
    let Written { addons, versions, files, ratings, stored } = written;
    writeln!(
        std::io::stderr(),
        "{addons} add-ons, {versions} versions, {files} files, {ratings} ratings, {counts} daily counts, \
         {stored} files in storage"
    )?;
    Ok(())
}

/// Fills both databases, each in one transaction. Neither is committed unless both could be filled.
fn fill(destination: &Destination, scale: Scale) -> Result<(Written, usize)> {
    let world = World::new(scale);
    let (mut catalog, mut usage) = (destination.catalog.open()?, destination.usage.open()?);
    let written =
        catalogue::fill(catalog.as_mut(), &world, destination).context("cannot fill the database `catalog`")?;
    let counts = usage::fill(usage.as_mut(), &world).context("cannot fill the database `usage`")?;
    usage.commit().context("cannot commit to the database `usage`")?;
    catalog.commit().context("cannot commit to the database `catalog`")?;
    Ok((written, counts))
}

#[cfg(test)]
mod tests;

//! `kikitori completions` and `kikitori man`, made from the argument definitions.

use std::path::Path;

use clap::CommandFactory;

use crate::args::{Args, CompletionsArgs, ManArgs};
use crate::failure::Failure;
use crate::output;

pub(crate) fn completions(args: &CompletionsArgs) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Args::command(), "kikitori", &mut script);
    output::to_stdout(|out| out.write_all(&script).map_err(|e| Failure::io(Path::new("-"), &e)))
}

pub(crate) fn man(args: &ManArgs) -> Result<(), Failure> {
    if let Some(dir) = &args.dir {
        return clap_mangen::generate_to(Args::command(), dir).map_err(|e| Failure::io(dir, &e));
    }
    let mut page = Vec::new();
    clap_mangen::Man::new(Args::command()).render(&mut page).map_err(|e| Failure::internal(e.into()))?;
    output::to_stdout(|out| out.write_all(&page).map_err(|e| Failure::io(Path::new("-"), &e)))
}

//! `kikitori eval`: scores records against expected ones.

use asr::Control;

use super::{proposers, tagger};
use crate::args::{EvalArgs, EvalCommand, Global};
use crate::eval;
use crate::failure::Failure;

pub(crate) fn run(args: &EvalArgs, global: &Global, control: &Control) -> Result<(), Failure> {
    match (&args.command, &args.dir) {
        (Some(EvalCommand::Diff { before, after }), _) => eval::diff(before, after),
        (None, Some(dir)) => {
            let tagger = tagger(args.no_model_pass)?;
            eval::run(args, dir, &proposers(tagger.as_ref()), global, control)
        }
        (None, None) => Err(Failure::usage("ディレクトリを指定してください", "name a directory")),
    }
}

//! The rules as the office meets them: a dictation and a form in, a record out.

mod forms;
mod harness;
mod progress;
mod safety;

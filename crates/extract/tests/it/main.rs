//! The rules as the office meets them: a dictation and a form in, a record out.
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod call;
mod custody;
mod evidence;
mod forms;
mod free_speech;
mod harness;
mod injury;
mod laws;
mod meeting;
mod people;
mod plans;
mod progress;
mod reporters;
mod running;
mod safety;
mod sheet;
mod spoken;

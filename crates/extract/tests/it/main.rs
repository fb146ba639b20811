//! The rules as the office meets them: a dictation and a form in, a record out.

mod call;
mod custody;
mod evidence;
mod forms;
mod harness;
mod injury;
mod laws;
mod people;
mod progress;
mod running;
mod safety;
mod sheet;

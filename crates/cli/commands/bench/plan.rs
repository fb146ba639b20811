//! What is measured, and in which order.

/// Whisper.cpp has crashed with more states; also the number of recordings in a batch at most.
const MAX_SESSIONS: usize = 8;

/// An installed model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Model {
    pub(super) name: String,
    /// Weights, in any encoding.
    pub(super) parameters: u64,
}

/// One measurement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Cell {
    pub(super) model: String,
    pub(super) tier: &'static str,
    pub(super) sessions: usize,
    pub(super) threads: usize,
    /// How often the sample is given: once as a short dictation, several times as a batch.
    pub(super) recordings: usize,
}

impl Cell {
    pub(super) fn is_batch(&self) -> bool {
        self.recordings > 1
    }
}

/// All measurements, those that decide most first: however few there is time for, the answers are as good as can be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Plan {
    /// The usual model in the most careful tier, with all sessions and threads.
    pub(super) first: Vec<Cell>,
    /// Everything else. Short dictations in it are to be measured with those that the first ones have shown to be fastest.
    pub(super) rest: Vec<Cell>,
}

impl Plan {
    /// `models` begin with the usual one, `tiers` with the most careful.
    pub(super) fn new(models: &[Model], tiers: &[&'static str], cores: usize) -> Self {
        let Some(((usual, others), (careful, faster))) = models.split_first().zip(tiers.split_first()) else {
            return Self::default();
        };
        let shapes = shapes(cores);
        let cell = |model: &Model, tier, (sessions, threads), recordings| Cell {
            model: model.name.clone(),
            tier,
            sessions,
            threads,
            recordings,
        };
        // Enough windows for all sessions.
        let batch = cores.clamp(2, MAX_SESSIONS);
        let all =
            |model, tier, recordings| shapes.iter().map(move |shape| cell(model, tier, *shape, recordings));
        let short = |model, tier| cell(model, tier, shapes[0], 1);
        let first = all(usual, *careful, 1).chain(all(usual, *careful, batch)).collect();
        let mut rest: Vec<Cell> = faster.iter().map(|tier| short(usual, *tier)).collect();
        rest.extend(others.iter().map(|model| short(model, *careful)));
        rest.extend(faster.iter().flat_map(|tier| all(usual, *tier, batch)));
        rest.extend(others.iter().flat_map(|model| faster.iter().map(move |tier| short(model, *tier))));
        rest.extend(
            others.iter().flat_map(|model| tiers.iter().flat_map(move |tier| all(model, *tier, batch))),
        );
        Self { first, rest }
    }

    pub(super) fn len(&self) -> usize {
        self.first.len() + self.rest.len()
    }
}

/// Sessions and threads that fill the cores: a session for each core, one session, and pairs of threads.
///
/// The threads of a session wait for each other, so that one session suffers most from other programs: the first
/// measurement, which may be the only one, is of sessions with a thread each.
fn shapes(cores: usize) -> Vec<(usize, usize)> {
    let mut shapes = vec![(cores.min(MAX_SESSIONS), 1)];
    for shape in [(1, cores), ((cores / 2).clamp(1, MAX_SESSIONS), 2.min(cores))] {
        if !shapes.contains(&shape) {
            shapes.push(shape);
        }
    }
    shapes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn models(names: &[&str]) -> Vec<Model> {
        names.iter().map(|name| Model { name: (*name).to_owned(), parameters: 1 }).collect()
    }

    #[test]
    fn sessions_and_threads_fill_the_cores() {
        assert_eq!(shapes(1), [(1, 1)]);
        assert_eq!(shapes(2), [(2, 1), (1, 2)]);
        assert_eq!(shapes(8), [(8, 1), (1, 8), (4, 2)]);
        assert_eq!(shapes(32), [(8, 1), (1, 32), (8, 2)]);
    }

    #[test]
    fn the_usual_model_as_it_is_used_comes_first_and_the_larger_ones_before_its_details() {
        let plan = Plan::new(&models(&["usual", "large"]), &["careful", "fast"], 2);
        let shown = |cells: &[Cell]| -> Vec<String> {
            cells
                .iter()
                .map(|c| format!("{} {} {}x{} {}", c.model, c.tier, c.sessions, c.threads, c.recordings))
                .collect()
        };
        assert_eq!(
            shown(&plan.first),
            ["usual careful 2x1 1", "usual careful 1x2 1", "usual careful 2x1 2", "usual careful 1x2 2"]
        );
        assert_eq!(
            shown(&plan.rest)[..5],
            [
                "usual fast 2x1 1",
                "large careful 2x1 1",
                "usual fast 2x1 2",
                "usual fast 1x2 2",
                "large fast 2x1 1"
            ]
        );
    }

    #[test]
    fn nothing_is_measured_twice_and_every_model_in_every_tier() {
        for cores in [1, 2, 6, 64] {
            let plan = Plan::new(&models(&["a", "b", "c"]), &["careful", "auto", "fast"], cores);
            let cells = [plan.first, plan.rest].concat();
            for (at, cell) in cells.iter().enumerate() {
                assert!(!cells[..at].contains(cell), "{cores} cores: {cell:?}");
            }
            for model in ["a", "b", "c"] {
                for tier in ["careful", "auto", "fast"] {
                    let of = |batch| {
                        cells.iter().any(|c| c.model == model && c.tier == tier && c.is_batch() == batch)
                    };
                    assert!(of(true) && of(false), "{model} {tier}");
                }
            }
        }
        assert_eq!(Plan::new(&[], &["careful"], 2).len(), 0);
    }
}

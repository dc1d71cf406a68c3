//! The format that Prometheus reads: families, samples, histograms.

use std::fmt::Write;

use crate::counts::Histogram;

pub(super) type Labels = Vec<(&'static str, String)>;

/// Text that grows by families and samples. Writing into a string does not fail.
#[derive(Default)]
pub(super) struct Page(String);

impl Page {
    pub(super) fn into_text(self) -> String {
        self.0
    }

    pub(super) fn family(&mut self, name: &str, kind: &str, help: &str) {
        let _ = writeln!(
            self.0,
            "# HELP relay_{name} {help}\n# TYPE relay_{name} {kind}"
        );
    }

    pub(super) fn sample(&mut self, name: &str, labels: &[(&str, String)], value: f64) {
        let _ = write!(self.0, "relay_{name}");
        for (place, (label, text)) in labels.iter().enumerate() {
            let before = if place == 0 { '{' } else { ',' };
            let _ = write!(self.0, "{before}{label}=\"{}\"", escaped(text));
        }
        let end = if labels.is_empty() { "" } else { "}" };
        let _ = writeln!(self.0, "{end} {value}");
    }

    pub(super) fn histogram(&mut self, name: &str, labels: &Labels, histogram: &Histogram) {
        let bucket = format!("{name}_bucket");
        let classes = histogram.up_to_each();
        for (end, n) in &classes {
            let mut labels = labels.clone();
            let end = if end.is_finite() {
                end.to_string()
            } else {
                "+Inf".to_owned()
            };
            labels.push(("le", end));
            self.sample(&bucket, &labels, *n as f64);
        }
        let n = classes.last().map_or(0, |(_, n)| *n);
        self.sample(&format!("{name}_sum"), labels, histogram.sum());
        self.sample(&format!("{name}_count"), labels, n as f64);
    }
}

/// A label's value may hold no quote, backslash or line feed as it is.
fn escaped(value: &str) -> String {
    value
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::counts::DELIVERY;

    #[test]
    fn a_histogram_is_told_by_classes_that_hold_each_other() {
        let histogram = Histogram::new(&DELIVERY);
        for millis in [7, 7, 7, 2_000] {
            histogram.add_time(Duration::from_millis(millis));
        }
        let mut page = Page::default();

        page.histogram("x_seconds", &vec![("source", "a".to_owned())], &histogram);

        for line in [
            "relay_x_seconds_bucket{source=\"a\",le=\"0.005\"} 0",
            "relay_x_seconds_bucket{source=\"a\",le=\"0.01\"} 3",
            "relay_x_seconds_bucket{source=\"a\",le=\"1\"} 3",
            "relay_x_seconds_bucket{source=\"a\",le=\"+Inf\"} 4",
            "relay_x_seconds_sum{source=\"a\"} 2.021",
            "relay_x_seconds_count{source=\"a\"} 4",
        ] {
            assert!(page.0.lines().any(|found| found == line), "{}", page.0);
        }
    }

    #[test]
    fn a_name_cannot_break_out_of_its_label() {
        let mut page = Page::default();

        page.sample("x", &[("source", "a\"} 1\nrelay_y 2\\".to_owned())], 1.0);

        assert_eq!(page.0, "relay_x{source=\"a\\\"} 1\\nrelay_y 2\\\\\"} 1\n");
    }
}

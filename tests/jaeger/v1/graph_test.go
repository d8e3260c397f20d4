package ring

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// graph is how often which service calls which.
type graph map[pair]uint64

type pair struct{ parent, child string }

// row is what Jaeger's HTTP API and the load generator call it.
type row struct {
	Parent, Child string
	CallCount     uint64
}

func graphOf(t *testing.T, rows []row) graph {
	g := graph{}
	for _, row := range rows {
		g[pair{row.Parent, row.Child}] += row.CallCount
	}
	require.Len(t, g, len(rows), "two rows of one pair")
	return g
}

func (g graph) add(other graph) {
	for pair, calls := range other {
		g[pair] += calls
	}
}

// lines are there to be compared by humans.
func (g graph) lines() (lines []string) {
	for pair, calls := range g {
		lines = append(lines, fmt.Sprintf("%s -> %s: %d", pair.parent, pair.child, calls))
	}
	slices.Sort(lines)
	return lines
}

// dependencies is what the query service answers, for a range that Jaeger's UI chooses by endTs and lookback.
func (j jaeger) dependencies(t *testing.T, parameters url.Values) graph {
	var rows []row
	require.Equal(t, http.StatusOK, j.get(t, "/api/dependencies", parameters, &rows))
	return graphOf(t, rows)
}

// asTheUI asks for a week.
func asTheUI() url.Values {
	return until(time.Now(), 7*24*time.Hour)
}

func until(end time.Time, lookback time.Duration) url.Values {
	milliseconds := func(number int64) []string { return []string{strconv.FormatInt(number, 10)} }
	return url.Values{"endTs": milliseconds(end.UnixMilli()), "lookback": milliseconds(lookback.Milliseconds())}
}

// awaitGraph gives the windows the time to close, and the job to count their calls.
func (j jaeger) awaitGraph(t *testing.T, expected graph) {
	var found graph
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(200 * time.Millisecond) {
		if found = j.dependencies(t, asTheUI()); maps.Equal(expected, found) {
			return
		}
	}
	require.Equal(t, expected.lines(), found.lines())
}

// load is what the load generator sends: the demo, by a seed. Pods export every 5 s, so that the spans of a trace are in
// several requests, and windows.
type load struct {
	seed int
	// Whether each request is sent once more, as when its answer was lost.
	isRepeated bool
}

func (l load) generator(t *testing.T, flags ...string) *exec.Cmd {
	flags = append(flags, "--workload=demo", "--spans-per-second=200", "--duration=8s", fmt.Sprintf("--seed=%d", l.seed))
	if l.isRepeated {
		flags = append(flags, "--repeat-after=3s")
	}
	command := exec.Command(given(t, "LOADGEN"), flags...)
	// It would take the settings of a sidecar for its own.
	command.Env = []string{}
	command.Stderr = os.Stderr
	return command
}

// startSending has Jaeger receive the load; the result waits until it has, and tells of how many spans.
func (l load) startSending(t *testing.T, j jaeger) (finish func() int) {
	var summary bytes.Buffer
	command := l.generator(t, "--endpoint=http://"+j.otlpGRPC)
	command.Stdout = &summary
	require.NoError(t, command.Start())
	return func() (spans int) {
		require.NoError(t, command.Wait(), "%s", &summary)
		t.Logf("load %d, to %s\n%s", l.seed, j.otlpGRPC, &summary)
		_, err := fmt.Sscanf(summary.String(), "spans %d sent", &spans)
		require.NoError(t, err)
		return spans
	}
}

// graph is the truth about the load.
func (l load) graph(t *testing.T) graph {
	answer, err := l.generator(t, "--print-calls").Output()
	require.NoError(t, err)
	var rows []row
	require.NoError(t, json.Unmarshal(answer, &rows), "%s", answer)
	require.Greater(t, len(rows), 20, "the demo has more services than that")
	return graphOf(t, rows)
}

// requireCounted holds the loads, and what was sent before, against all of these Jaegers. What is sent again must not be
// counted later either: windows are counted in their order, so all is, as soon as a call that came last is.
func requireCounted(t *testing.T, sent graph, jaegers ...jaeger) {
	for _, j := range jaegers {
		j.awaitGraph(t, sent)
	}
	last := newCall("ring-last", "ring-end", time.Now())
	jaegers[0].exportByHTTP(t, last.calling())
	jaegers[0].exportByHTTP(t, last.called())
	sent.add(last.graph())
	for _, j := range jaegers {
		j.awaitGraph(t, sent)
	}
}

// requireJoined has the job say that traces were cut into windows, and that in the end no half was left over.
func requireJoined(t *testing.T) {
	unmatched, matchedLater := metric(t, "edges_unmatched_total"), metric(t, "edges_matched_later_total")
	t.Logf("%v windows counted; %v children came before their parents", metric(t, "edges_windows_total"), unmatched)
	require.Positive(t, unmatched, "no trace was cut")
	require.Equal(t, unmatched, matchedLater, "children without parents")
}

// requireGiven has the storage say that it was given so many spans more than before, if not more: Jaeger drops none of
// those that come again.
func requireGiven(t *testing.T, before float64, spans int) {
	require.GreaterOrEqual(t, metric(t, "spans_committed_total")-before, float64(spans))
}

// metric is of the server or sidecar.
func metric(t *testing.T, name string) float64 {
	answer, err := http.Get(os.Getenv("METRICS_ENDPOINT"))
	require.NoError(t, err)
	text := readAll(t, answer)
	sample := regexp.MustCompile(`(?m)^jaeger_dynamodb_` + name + ` (\S+)$`).FindSubmatch(text)
	require.NotNil(t, sample, "no metric %s", name)
	value, err := strconv.ParseFloat(string(sample[1]), 64)
	require.NoError(t, err)
	return value
}

package ring

import (
	"context"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/jaegertracing/jaeger/model"
)

const bucket = 5 * time.Minute

// TestDependencies has v1.57 and v2.13 on one server whose windows are short, which is empty at first. Each test goes on
// from what those before it wrote, and both Jaegers show what either of them has received.
func TestDependencies(t *testing.T) {
	sent := graph{}
	isCounted := t.Run("HalvesOfCalls", func(t *testing.T) { testHalvesOfCalls(t, sent) }) &&
		t.Run("SentOnce", func(t *testing.T) { testLoads(t, sent, load{seed: 1}, load{seed: 2}) }) &&
		t.Run("SentTwice", func(t *testing.T) {
			testLoads(t, sent, load{seed: 3, isRepeated: true}, load{seed: 4, isRepeated: true})
		})
	require.True(t, isCounted, "nothing that follows can hold")
	t.Run("Joined", requireJoined)
	for name, j := range map[string]jaeger{"V1": v1, "V2": v2} {
		t.Run("Buckets"+name, func(t *testing.T) { requireBuckets(t, j) })
		t.Run("Ranges"+name, func(t *testing.T) { requireRanges(t, j, sent) })
	}
	t.Run("Rows", func(t *testing.T) { testRows(t, sent) })
}

// early is when a bucket began in which none of the loads is.
var early = time.Now().Truncate(bucket).Add(-4 * bucket)

// earlyCalls are at the first and at the last moment of that bucket; in the next one, though the caller began before.
func earlyCalls() (first, last, next call) {
	first, last = newCall("ring-a", "ring-b", early), newCall("ring-a", "ring-c", early.Add(bucket-1))
	next = newCall("ring-b", "ring-c", early.Add(bucket-time.Second))
	next.answered = early.Add(bucket)
	return first, last, next
}

// testHalvesOfCalls has one Jaeger receive who was called, and the other one, later, who called.
func testHalvesOfCalls(t *testing.T, sent graph) {
	first, last, next := earlyCalls()
	for _, call := range []call{first, last, next} {
		v2.exportByHTTP(t, call.called())
		sent.add(call.graph())
	}
	v2.awaitTrace(t, next.trace, 1)
	// With the one that comes last, the windows of these are counted.
	requireCounted(t, graph{}, v2, v1)
	for _, call := range []call{first, last, next} {
		v1.exportByHTTP(t, call.calling())
	}
	sent.add(graph{pair{"ring-last", "ring-end"}: 1})
	requireCounted(t, sent, v1, v2)
}

func testLoads(t *testing.T, sent graph, toV1, toV2 load) {
	before := metric(t, "spans_committed_total")
	finishV1, finishV2 := toV1.startSending(t, v1), toV2.startSending(t, v2)
	spans := finishV1() + finishV2()
	sent.add(toV1.graph(t))
	sent.add(toV2.graph(t))
	requireCounted(t, sent, v1, v2)
	requireGiven(t, before, spans)
}

// requireBuckets has all calls of the buckets that a range overlaps, and no other ones.
func requireBuckets(t *testing.T, j jaeger) {
	inFirst := graph{pair{"ring-a", "ring-b"}: 1, pair{"ring-a", "ring-c"}: 1}
	inNext := graph{pair{"ring-b", "ring-c"}: 1}
	both := graph{}
	both.add(inFirst)
	both.add(inNext)
	for name, test := range map[string]struct {
		from, to time.Duration
		found    graph
	}{
		"the bucket":           {0, bucket - time.Millisecond, inFirst},
		"a part of it":         {time.Minute, 2 * time.Minute, inFirst},
		"a moment of it":       {time.Minute, time.Minute, inFirst},
		"its first moment":     {-time.Hour, 0, inFirst},
		"all before it":        {-time.Hour, -time.Millisecond, graph{}},
		"the next bucket":      {bucket, 2*bucket - time.Millisecond, inNext},
		"parts of both":        {bucket - time.Millisecond, bucket, both},
		"all until the second": {-time.Hour, bucket, both},
		"what follows both":    {2 * bucket, 3 * bucket, graph{}},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, test.found, j.dependencies(t, until(early.Add(test.to), test.to-test.from)))
		})
	}
}

// requireRanges has ranges of every kind that Jaeger passes on, over all that was sent.
func requireRanges(t *testing.T, j jaeger, sent graph) {
	now, year := time.Now(), 365*24*time.Hour
	only := func(parameters url.Values, name string) url.Values { return url.Values{name: parameters[name]} }
	ofA := graph{pair{"ring-a", "ring-b"}: 1, pair{"ring-a", "ring-c"}: 1}
	for name, test := range map[string]struct {
		parameters url.Values
		found      graph
	}{
		"nothing said":            {nil, sent},
		"an end only":             {only(asTheUI(), "endTs"), sent},
		"a lookback only":         {only(asTheUI(), "lookback"), sent},
		"ten years":               {until(now, 10*year), sent},
		"before Unix time":        {until(now, 285*year), sent},
		"an end in a year":        {until(now.Add(year), 2*year), sent},
		"an hour in a year":       {until(now.Add(year), time.Hour), graph{}},
		"a day long ago":          {until(time.Unix(1_000_000_000, 0), 24*time.Hour), graph{}},
		"a week, until yesterday": {until(now.Add(-24*time.Hour), 7*24*time.Hour), graph{}},
		"the first moment":        {until(time.Unix(0, 0), 0), graph{}},
		"before the first moment": {until(time.Unix(-1, 0), time.Hour), graph{}},
		"an end before its start": {until(now, -time.Hour), graph{}},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, test.found.lines(), j.dependencies(t, test.parameters).lines())
		})
	}
	t.Run("a service", func(t *testing.T) {
		require.Equal(t, ofA, j.dependencies(t, url.Values{"service": {"ring-a"}}))
	})
	t.Run("no range", func(t *testing.T) {
		for _, parameters := range []url.Values{{"endTs": {"now"}}, {"lookback": {"1h"}}} {
			require.Equal(t, http.StatusBadRequest, j.get(t, "/api/dependencies", parameters, nil))
		}
	})
}

// testRows asks the storage as Jaeger's client does, since HTTP adds rows of one pair up.
func testRows(t *testing.T, sent graph) {
	reader, err := connect(t).CreateDependencyReader()
	require.NoError(t, err)
	links, err := reader.GetDependencies(context.Background(), time.Now(), time.Hour)
	require.NoError(t, err)
	var rows []row
	for _, link := range links {
		require.Equal(t, model.JaegerDependencyLinkSource, link.Source)
		rows = append(rows, row{link.Parent, link.Child, link.CallCount})
	}
	require.Equal(t, sent.lines(), graphOf(t, rows).lines())
}

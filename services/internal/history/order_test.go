package history

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"
	"pgregory.net/rapid"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
)

// Records in any order, repeated and in any batches, come to the same rows.
func TestOrderIsNothing(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, cfg Config) {
		t.Helper()
		s := open(t, cfg)
		run := 0
		rapid.Check(t, func(t *rapid.T) {
			run++
			records := drawRecords(t)
			inOrder, mixed := fmt.Sprintf("a%08d", run), fmt.Sprintf("b%08d", run)
			applyAs(t, s, inOrder, [][]*posthastev1.Attempt{records})
			applyAs(t, s, mixed, drawBatches(t, records))
			if diff := cmp.Diff(contentOf(t, s, inOrder), contentOf(t, s, mixed)); diff != "" {
				t.Fatal(diff)
			}
		})
		balance(t, s)
	})
}

// drawRecords makes what the dispatchers may tell of a few deliveries.
func drawRecords(t *rapid.T) []*posthastev1.Attempt {
	var records []*posthastev1.Attempt
	for d := range rapid.IntRange(1, 3).Draw(t, "deliveries") {
		for r, round := range []string{"", "z", "a"}[:rapid.IntRange(1, 3).Draw(t, "rounds")] {
			made := after(100 * r)
			for n := range rapid.IntRange(1, 4).Draw(t, "attempts") {
				records = append(records, drawTellings(t, fmt.Sprint("d", d), round, made, n+1)...)
			}
		}
	}
	return records
}

// drawTellings makes the records of one attempt: one, or several where a
// dispatcher died in between. They differ in their times.
func drawTellings(t *rapid.T, id, round string, made time.Time, number int) []*posthastev1.Attempt {
	var records []*posthastev1.Attempt
	for i := range rapid.IntRange(1, 2).Draw(t, "tellings") {
		change := func(a *posthastev1.Attempt) {
			if round != "" || rapid.Bool().Draw(t, "made_known") {
				a.CreatedAt = timestamppb.New(made)
			} else {
				a.CreatedAt = nil // an older dispatcher
			}
			a.Round = round
			a.StartedAt = timestamppb.New(made.Add(time.Duration(10*number+i) * time.Second))
			a.Sequence = rapid.SampledFrom([]uint64{0, 9}).Draw(t, "sequence")
		}
		switch rapid.IntRange(0, 3).Draw(t, "kind") {
		case 0:
			records = append(records, post(id, number, 200, change))
		case 1:
			records = append(records, post(id, number, 500, change, next(made.Add(time.Hour))))
		case 2:
			records = append(records, post(id, number, 503, change, failed))
		default:
			records = append(records, ending(id, number, posthastev1.Outcome_OUTCOME_CANCELLED, change))
		}
	}
	return records
}

// drawBatches shuffles the records, repeats some and cuts them into batches.
func drawBatches(t *rapid.T, records []*posthastev1.Attempt) [][]*posthastev1.Attempt {
	repeated := rapid.SliceOfN(rapid.SampledFrom(records), 0, 5).Draw(t, "repeated")
	all := rapid.Permutation(append(repeated, records...)).Draw(t, "order")
	var batches [][]*posthastev1.Attempt
	for len(all) > 0 {
		n := rapid.IntRange(1, len(all)).Draw(t, "batch")
		batches, all = append(batches, all[:n]), all[n:]
	}
	return batches
}

// applyAs applies the batches as those of a tenant of its own.
func applyAs(t *rapid.T, s *Store, tenant string, batches [][]*posthastev1.Attempt) {
	for _, batch := range batches {
		own := make([]*posthastev1.Attempt, len(batch))
		for i, a := range batch {
			own[i] = proto.CloneOf(a)
			own[i].Tenant, own[i].DeliveryId = tenant, tenant+a.GetDeliveryId()
		}
		if err := s.Apply(t.Context(), own); err != nil {
			t.Fatal(err)
		}
	}
}

// contentOf is all that is kept of the tenant, under a name that all share.
func contentOf(t *rapid.T, s *Store, tenant string) string {
	var content strings.Builder
	for _, query := range []string{
		"SELECT " + deliveryColumns + " FROM deliveries WHERE tenant = ? ORDER BY id",
		"SELECT " + attemptColumns + " FROM attempts WHERE delivery_id IN (SELECT id FROM deliveries WHERE tenant = ?) ORDER BY delivery_id, round, number",
		"SELECT " + countColumns + " FROM delivery_counts WHERE tenant = ? AND deliveries <> 0 ORDER BY 2, 3, 4, 5",
	} {
		for _, row := range rowsOf(t, s, strings.ReplaceAll(query, "?", "'"+tenant+"'")) {
			content.WriteString(row + "\n")
		}
	}
	return strings.ReplaceAll(content.String(), tenant, "T")
}

package subscription

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strconv"
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/posthaste/posthaste/services/internal/bus"
	"github.com/posthaste/posthaste/services/internal/kv"
)

// ErrClaimed says that another subscription has what was to be claimed.
var ErrClaimed = errors.New("another subscription has it")

// Claims say which subscription of a tenant has what only one may have. The
// bucket settles between controls that are asked at the same moment.
type Claims struct {
	bucket *kv.Bucket[*wrapperspb.StringValue]
}

// NewClaims opens the bucket that the bus has provisioned.
func NewClaims(ctx context.Context, b *bus.Bus) (*Claims, error) {
	bucket, err := kv.Open[*wrapperspb.StringValue](ctx, b, bus.BucketClaims, "claim")
	if err != nil {
		return nil, err
	}
	return &Claims{bucket: bucket}, nil
}

// settling is how long a claim stands whose subscription is not stored yet: it
// is being stored by whoever claimed.
const settling = 10 * time.Second

// Holder is the id of the subscription that claimed what, "" for none. It may
// have been removed since.
func (c *Claims) Holder(ctx context.Context, tenant, what string) (string, error) {
	m, _, err := c.bucket.Get(ctx, claimKey(tenant, what))
	if errors.Is(err, kv.ErrNotFound) {
		return "", nil
	}
	return readClaim(m).holder, err
}

// Take claims what for the subscription id. alive says whether the
// subscription that holds it is stored, and whether it still needs it. Where it
// does, the error is ErrClaimed and holder its id.
func (c *Claims) Take(ctx context.Context, tenant, what, id string, now time.Time, alive func(holder string) (stored, needed bool, err error)) (holder string, err error) {
	key, mine := claimKey(tenant, what), claim{id, now}
	_, err = c.bucket.Create(ctx, key, mine.record())
	if !errors.Is(err, kv.ErrExists) {
		return id, err
	}
	_, _, err = c.bucket.Update(ctx, key, func(m *wrapperspb.StringValue) (bool, error) {
		theirs := readClaim(m)
		holder = theirs.holder
		stored, needed, err := alive(holder)
		if err != nil {
			return false, err
		}
		if needed || !stored && now.Sub(theirs.at) < settling {
			return false, ErrClaimed
		}
		holder, m.Value = id, mine.record().GetValue()
		return true, nil
	})
	return holder, err
}

// Release gives back what the subscription id holds; of others it changes
// nothing.
func (c *Claims) Release(ctx context.Context, tenant, what, id string) error {
	_, _, err := c.bucket.Update(ctx, claimKey(tenant, what), func(m *wrapperspb.StringValue) (bool, error) {
		theirs := readClaim(m)
		m.Value = claim{id, time.Time{}}.record().GetValue()
		return theirs.holder == id && !theirs.at.IsZero(), nil
	})
	if errors.Is(err, kv.ErrNotFound) {
		return nil
	}
	return err
}

// claim is who holds something, and since when; a time of 0 is one that was
// given back.
type claim struct {
	holder string
	at     time.Time
}

func (c claim) record() *wrapperspb.StringValue {
	var ms int64
	if !c.at.IsZero() {
		ms = c.at.UnixMilli()
	}
	return wrapperspb.String(c.holder + " " + strconv.FormatInt(ms, 10))
}

func readClaim(m *wrapperspb.StringValue) claim {
	holder, text, _ := strings.Cut(m.GetValue(), " ")
	if ms, err := strconv.ParseInt(text, 10, 64); err == nil && ms > 0 {
		return claim{holder, time.UnixMilli(ms)}
	}
	return claim{holder: holder}
}

func claimKey(tenant, what string) string {
	sum := sha256.Sum256([]byte(what))
	return tenant + "." + hex.EncodeToString(sum[:16])
}

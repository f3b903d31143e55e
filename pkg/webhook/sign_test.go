package webhook_test

import (
	"bytes"
	"strings"
	"sync"
	"testing"

	"github.com/posthaste/posthaste/pkg/webhook"
)

func TestSignVector(t *testing.T) {
	t.Parallel()
	signer := mustSigner(t, mustSecret(t, vectorSecret))
	if got := signer.Sign(vectorID, vectorTime(), []byte(vectorBody)); got != vectorSignature {
		t.Fatalf("got %s, want %s", got, vectorSignature)
	}
}

func TestSignSeveral(t *testing.T) {
	t.Parallel()
	secrets := []webhook.Secret{mustSecret(t, vectorSecret), webhook.NewSecret(), webhook.NewSecret()}
	got := mustSigner(t, secrets...).Sign(vectorID, vectorTime(), []byte(vectorBody))
	values := strings.Split(got, " ")
	if len(values) != len(secrets) || values[0] != vectorSignature {
		t.Fatalf("got %q", got)
	}
	for i, secret := range secrets {
		if want := mustSigner(t, secret).Sign(vectorID, vectorTime(), []byte(vectorBody)); values[i] != want {
			t.Errorf("signature %d is %s, want %s", i, values[i], want)
		}
	}
}

func TestAppendSign(t *testing.T) {
	t.Parallel()
	signer := mustSigner(t, mustSecret(t, vectorSecret))
	got := signer.AppendSign([]byte("before "), vectorID, vectorTime(), []byte(vectorBody))
	if string(got) != "before "+vectorSignature {
		t.Fatalf("got %s", got)
	}
}

// TestSignConcurrently is for the race detector, and for states that would
// mix when pooled.
func TestSignConcurrently(t *testing.T) {
	t.Parallel()
	signer := mustSigner(t, mustSecret(t, vectorSecret))
	verifier := vectorVerifier(t)
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			body := bytes.Repeat([]byte{byte('a' + i)}, 100*i)
			for range 100 {
				h := headers(vectorID, vectorSeconds, signer.Sign(vectorID, vectorTime(), body))
				if err := verifier.Verify(h, body); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	group.Wait()
}

func BenchmarkSign(b *testing.B) {
	signer := mustSigner(b, mustSecret(b, vectorSecret))
	body, at := bytes.Repeat([]byte("x"), 1024), vectorTime()
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		signer.Sign(vectorID, at, body)
	}
}

func BenchmarkSignTwoSecrets(b *testing.B) {
	signer := mustSigner(b, mustSecret(b, vectorSecret), webhook.NewSecret())
	body, at := bytes.Repeat([]byte("x"), 1024), vectorTime()
	b.ReportAllocs()
	for b.Loop() {
		signer.Sign(vectorID, at, body)
	}
}

func BenchmarkAppendSign(b *testing.B) {
	signer := mustSigner(b, mustSecret(b, vectorSecret))
	body, at := bytes.Repeat([]byte("x"), 1024), vectorTime()
	room := make([]byte, 0, 64)
	b.ReportAllocs()
	for b.Loop() {
		room = signer.AppendSign(room[:0], vectorID, at, body)
	}
}

func BenchmarkSignParallel(b *testing.B) {
	signer := mustSigner(b, mustSecret(b, vectorSecret))
	body, at := bytes.Repeat([]byte("x"), 1024), vectorTime()
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			signer.Sign(vectorID, at, body)
		}
	})
}

func BenchmarkVerify(b *testing.B) {
	signer, verifier := mustSigner(b, mustSecret(b, vectorSecret)), vectorVerifier(b)
	body := bytes.Repeat([]byte("x"), 1024)
	h := headers(vectorID, vectorSeconds, signer.Sign(vectorID, vectorTime(), body))
	b.ReportAllocs()
	for b.Loop() {
		if err := verifier.Verify(h, body); err != nil {
			b.Fatal(err)
		}
	}
}

package webhook_test

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"time"

	"github.com/posthaste/posthaste/pkg/webhook"
)

// A sender signs each attempt anew: the id stays, the timestamp does not.
func ExampleSigner_Sign() {
	secret, err := webhook.ParseSecret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
	if err != nil {
		panic(err)
	}
	signer, err := webhook.NewSigner(secret)
	if err != nil {
		panic(err)
	}
	at, body := time.Unix(1614265330, 0), []byte(`{"test": 2432232314}`)
	fmt.Println(signer.Sign("msg_p5jXN8AQM9LWM0D4loKWxJek", at, body))
	// Output: v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=
}

func ExampleVerifier_Verify() {
	secret, err := webhook.ParseSecret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
	if err != nil {
		panic(err)
	}
	verifier, err := webhook.NewVerifier([]webhook.Secret{secret})
	if err != nil {
		panic(err)
	}
	header := http.Header{}
	header.Set(webhook.HeaderID, "msg_p5jXN8AQM9LWM0D4loKWxJek")
	header.Set(webhook.HeaderTimestamp, "1614265330")
	header.Set(webhook.HeaderSignature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")

	// The signature is right, but years old: someone replays it.
	err = verifier.Verify(header, []byte(`{"test": 2432232314}`))
	fmt.Println(errors.Is(err, webhook.ErrTooOld))
	// Output: true
}

func ExampleVerifier_Parse() {
	secret := webhook.NewSecret()
	header, body := attempt(secret, `{"id":"evt_1","type":"task.claimed","timestamp":"2025-01-15T10:30:00Z","data":{"task":7}}`)

	verifier, err := webhook.NewVerifier([]webhook.Secret{secret})
	if err != nil {
		panic(err)
	}
	delivery, err := verifier.Parse(header, body)
	if err != nil {
		panic(err)
	}
	fmt.Println(delivery.ID, delivery.Event.ID, delivery.Event.Type, string(delivery.Event.Data))
	// Output: dlv_1 evt_1 task.claimed {"task":7}
}

func ExampleVerifier_Middleware() {
	secret := webhook.NewSecret()
	verifier, err := webhook.NewVerifier([]webhook.Secret{secret})
	if err != nil {
		panic(err)
	}
	handler := verifier.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Println("verified", r.Header.Get(webhook.HeaderID))
	}))

	header, body := attempt(secret, `{"type":"ping"}`)
	for _, sent := range [][]byte{body, []byte("forged")} {
		request, answer := httptest.NewRequest(http.MethodPost, "/", bytes.NewReader(sent)), httptest.NewRecorder()
		request.Header = header
		handler.ServeHTTP(answer, request)
		fmt.Println(answer.Code)
	}
	// Output:
	// verified dlv_1
	// 200
	// 401
}

// A secret can go into any log.
func ExampleSecret() {
	secret, err := webhook.ParseSecret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
	if err != nil {
		panic(err)
	}
	fmt.Println(secret, secret.Prefix())
	// Output: [secret] whsec_MfKQ9r
}

// attempt is what a sender does.
func attempt(secret webhook.Secret, text string) (http.Header, []byte) {
	signer, err := webhook.NewSigner(secret)
	if err != nil {
		panic(err)
	}
	now, body, header := time.Now(), []byte(text), http.Header{}
	header.Set(webhook.HeaderID, "dlv_1")
	header.Set(webhook.HeaderTimestamp, strconv.FormatInt(now.Unix(), 10))
	header.Set(webhook.HeaderSignature, signer.Sign("dlv_1", now, body))
	return header, body
}

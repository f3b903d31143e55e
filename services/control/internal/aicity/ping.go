package aicity

import (
	"context"
)

type testOutput struct{ Body WebhookTest }

// WebhookTest is what came of a test.
type WebhookTest struct {
	Success bool   `json:"success" doc:"The endpoint answered 2xx."`
	Status  *int   `json:"status" doc:"HTTP status; null where there was no answer."`
	Body    string `json:"body" doc:"First 500 characters of the answer, or what went wrong."`
}

func (r *Resource) test(ctx context.Context, in *tenantInput) (*testOutput, error) {
	sub, err := r.only(ctx, in.Tenant)
	if err != nil {
		return nil, err
	}
	result, err := r.subscriptions.Test(ctx, sub)
	if err != nil {
		return nil, err
	}
	out := &testOutput{Body: WebhookTest{Success: result.Success, Status: result.Status, Body: result.Body}}
	if result.Status == nil {
		out.Body.Body = result.Error
	}
	return out, nil
}

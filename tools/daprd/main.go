// Command daprd is the Dapr sidecar with only the components that the platform uses.
//
// Dapr's own sets fit badly: the stable one lacks SMTP and the conversation components, and the full one brings some
// hundred that nothing here names. What is registered here is what components/ may name.
package main

import (
	"github.com/dapr/components-contrib/bindings"
	bindingshttp "github.com/dapr/components-contrib/bindings/http"
	"github.com/dapr/components-contrib/bindings/smtp"
	"github.com/dapr/components-contrib/conversation/anthropic"
	"github.com/dapr/components-contrib/conversation/echo"
	"github.com/dapr/components-contrib/conversation/googleai"
	"github.com/dapr/components-contrib/conversation/openai"
	"github.com/dapr/components-contrib/nameresolution/sqlite"
	"github.com/dapr/components-contrib/pubsub/kafka"
	"github.com/dapr/components-contrib/secretstores/local/file"
	postgresql "github.com/dapr/components-contrib/state/postgresql/v2"
	"github.com/dapr/dapr/cmd/daprd/app"
	bindingsregistry "github.com/dapr/dapr/pkg/components/bindings"
	conversationregistry "github.com/dapr/dapr/pkg/components/conversation"
	resolutionregistry "github.com/dapr/dapr/pkg/components/nameresolution"
	pubsubregistry "github.com/dapr/dapr/pkg/components/pubsub"
	secretsregistry "github.com/dapr/dapr/pkg/components/secretstores"
	stateregistry "github.com/dapr/dapr/pkg/components/state"
	"github.com/dapr/kit/logger"
)

func main() {
	register()
	app.Run()
}

func register() {
	pubsubregistry.DefaultRegistry.RegisterComponent(kafka.NewKafka, "kafka")
	stateregistry.DefaultRegistry.RegisterComponent(postgresql.NewPostgreSQLStateStore, "postgresql/v2")
	secretsregistry.DefaultRegistry.RegisterComponent(file.NewLocalSecretStore, "local.file")
	resolutionregistry.DefaultRegistry.RegisterComponent(sqlite.NewResolver, "sqlite")
	conversationregistry.DefaultRegistry.RegisterComponent(anthropic.NewAnthropic, "anthropic")
	conversationregistry.DefaultRegistry.RegisterComponent(echo.NewEcho, "echo")
	conversationregistry.DefaultRegistry.RegisterComponent(googleai.NewGoogleAI, "googleai")
	conversationregistry.DefaultRegistry.RegisterComponent(openai.NewOpenAI, "openai")
	bindingsregistry.DefaultRegistry.RegisterOutputBinding(smtp.NewSMTP, "smtp")
	bindingsregistry.DefaultRegistry.RegisterOutputBinding(func(log logger.Logger) bindings.OutputBinding {
		return bindingshttp.NewHTTP(log)
	}, "http")
}

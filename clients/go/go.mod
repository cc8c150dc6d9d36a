module standin/clients

go 1.26.0

require (
	github.com/SSHcom/privx-sdk-go/v2 v2.44.0 // indirect
	github.com/gophercloud/gophercloud/v2 v2.15.0 // indirect
)

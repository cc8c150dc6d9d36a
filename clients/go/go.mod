module standin/clients

go 1.26.0

require (
	github.com/SSHcom/privx-sdk-go/v2 v2.44.0
	github.com/gophercloud/gophercloud/v2 v2.15.0
)

require github.com/BurntSushi/toml v1.3.2 // indirect

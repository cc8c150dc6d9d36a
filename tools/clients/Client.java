import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;

/** Asks twice over one connection with HttpClient, and tells what came of the second. */
class Client {
	static HttpRequest.Builder to(String url) {
		return HttpRequest.newBuilder(URI.create(url)).timeout(Duration.ofSeconds(5))
			.header("X-Auth-Token", "demo-token").header("Content-Type", "application/json");
	}

	public static void main(String[] a) throws Exception {
		var client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
		client.send(to(a[0]).build(), BodyHandlers.ofByteArray());
		var body = a.length < 4 || a[3].isEmpty() ? HttpRequest.BodyPublishers.noBody() : HttpRequest.BodyPublishers.ofString(a[3]);
		try {
			var r = client.send(to(a[1]).method(a[2], body).build(), BodyHandlers.ofByteArray());
			System.out.println(r.statusCode() + " " + r.body().length + " bytes");
		} catch (Exception e) {
			System.out.println(e.getClass().getSimpleName() + ": " + e.getMessage());
		}
	}
}

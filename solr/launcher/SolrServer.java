import java.io.IOException;
import java.util.EnumSet;
import java.util.Set;
import javax.servlet.DispatcherType;
import javax.servlet.Filter;
import javax.servlet.FilterChain;
import javax.servlet.ServletException;
import javax.servlet.ServletRequest;
import javax.servlet.ServletResponse;
import javax.servlet.http.HttpServlet;
import javax.servlet.http.HttpServletRequest;
import javax.servlet.http.HttpServletResponse;
import org.apache.solr.servlet.CoreContainerProvider;
import org.apache.solr.servlet.SolrDispatchFilter;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.servlet.FilterHolder;
import org.eclipse.jetty.servlet.ServletContextHandler;
import org.eclipse.jetty.servlet.ServletHolder;
import org.eclipse.jetty.util.thread.QueuedThreadPool;

/**
 * Runs Solr inside one Jetty, without the admin pages.
 *
 * <p>System properties: solr.solr.home (required), jetty.port (8983), jetty.host (127.0.0.1: Solr has no
 * password, so another address needs a firewall), participation.solr.admin (false: of the calls that
 * manage a node only the read-only ones answer; SolrCloud needs true), participation.solr.threads (200).
 * SIGTERM closes the indexes and then ends.
 */
public final class SolrServer {

  // Long filters (permission labels, facets) travel in the request line; Jetty's own limit is 8 kB.
  private static final int HEADER_BYTES = 64 * 1024;

  public static void main(String[] arguments) throws Exception {
    HttpConfiguration http = new HttpConfiguration();
    http.setRequestHeaderSize(HEADER_BYTES);
    http.setSendServerVersion(false);

    Server server = new Server(new QueuedThreadPool(Integer.getInteger("participation.solr.threads", 200)));
    ServerConnector connector = new ServerConnector(server, new HttpConnectionFactory(http));
    connector.setHost(System.getProperty("jetty.host", "127.0.0.1"));
    connector.setPort(Integer.getInteger("jetty.port", 8983));
    server.addConnector(connector);

    ServletContextHandler context = new ServletContextHandler(server, "/solr");
    context.addEventListener(new CoreContainerProvider());
    EnumSet<DispatcherType> requests = EnumSet.of(DispatcherType.REQUEST);
    if (!Boolean.getBoolean("participation.solr.admin")) {
      context.addFilter(asynchronous(new ReadOnlyNode()), "/*", requests);
    }
    context.addFilter(asynchronous(new SolrDispatchFilter()), "/*", requests);
    context.addServlet(new ServletHolder(new HttpServlet() {}), "/");

    server.setStopAtShutdown(true);
    server.setStopTimeout(20_000);
    server.start();
    server.join();
  }

  private static FilterHolder asynchronous(Filter filter) {
    FilterHolder holder = new FilterHolder(filter);
    holder.setAsyncSupported(true);
    return holder;
  }

  /** Lets only the calls that look at a node through: nobody on the machine creates or unloads a core by URL. */
  static final class ReadOnlyNode implements Filter {
    private static final Set<String> LOOKS = Set.of("/admin/info/health", "/admin/metrics");

    @Override
    public void doFilter(ServletRequest asked, ServletResponse answer, FilterChain chain)
        throws IOException, ServletException {
      HttpServletRequest request = (HttpServletRequest) asked;
      String path = request.getServletPath() + (request.getPathInfo() == null ? "" : request.getPathInfo());
      if (path.startsWith("/admin") && !isLook(request, path) || path.startsWith("/____v2") || path.startsWith("/v2")) {
        ((HttpServletResponse) answer).sendError(HttpServletResponse.SC_NOT_FOUND);
        return;
      }
      chain.doFilter(asked, answer);
    }

    private static boolean isLook(HttpServletRequest request, String path) {
      if (!"GET".equals(request.getMethod())) {
        return false;
      }
      if (path.equals("/admin/cores")) {
        String[] actions = request.getParameterValues("action");
        return actions != null && actions.length == 1 && actions[0].equalsIgnoreCase("STATUS");
      }
      return LOOKS.contains(path);
    }
  }

  private SolrServer() {}
}

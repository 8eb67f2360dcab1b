#!/bin/sh
# Refresh the configuration of both cores, leave their data alone, and become Solr.
set -eu
for core in ckan participation; do
    mkdir -p "/var/solr/home/$core"
    rm -rf "/var/solr/home/$core/conf"
    cp -r "/opt/solr/configsets/$core/conf" "/var/solr/home/$core/conf"
    echo "name=$core" > "/var/solr/home/$core/core.properties"
done
cp /opt/solr/solr.xml /var/solr/home/solr.xml
mkdir -p /var/solr/logs
exec java "-Xms${SOLR_HEAP:-512m}" "-Xmx${SOLR_HEAP:-512m}" -XX:+UseG1GC -XX:+ExitOnOutOfMemoryError \
    -Djava.awt.headless=true -Duser.timezone=UTC -Dfile.encoding=UTF-8 \
    -Dsolr.solr.home=/var/solr/home -Dsolr.install.dir=/opt/solr -Dsolr.log.dir=/var/solr/logs \
    -Dlog4j2.configurationFile=/opt/solr/log4j2.xml -Djetty.host=0.0.0.0 -Djetty.port=8983 \
    -cp '/opt/solr/classes:/opt/solr/lib/*' SolrServer

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("chat", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="message",
            name="note",
            field=models.CharField(
                blank=True, help_text="What the person should know about this answer.", max_length=1000
            ),
        ),
    ]
